/* SPDX-License-Identifier: Apache-2.0 */
#include "echo.h"

#include <greeting.h>
#include <stdio.h>

#ifndef FOUND_BY_PKG_CONFIG
#error "the flags of greeting.pc are missing"
#endif

void echo_greeting(void)
{
    printf("%d from %s\n", greeting_number(), greeting_source_file());
}
