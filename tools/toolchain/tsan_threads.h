/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <threads.h> for what --config=tsan compiles. ThreadSanitizer knows pthread's mutexes, but not those of C11, which are the same
 * ones in glibc: what one of them guards would be reported as a race.
 */
#ifndef DQLITEPY_TSAN_THREADS_H
#define DQLITEPY_TSAN_THREADS_H

#include_next <threads.h>
#include <pthread.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t is no pthread_mutex_t here");

#define mtx_init(m, kind) pthread_mutex_init((pthread_mutex_t *)(m), NULL)
#define mtx_lock(m) pthread_mutex_lock((pthread_mutex_t *)(m))
#define mtx_unlock(m) pthread_mutex_unlock((pthread_mutex_t *)(m))
#define mtx_destroy(m) pthread_mutex_destroy((pthread_mutex_t *)(m))

#endif
