/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ECHO_H
#define ECHO_H

void echo_greeting(void);

#endif
