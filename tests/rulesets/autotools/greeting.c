/* SPDX-License-Identifier: Apache-2.0 */
#include "greeting.h"

const char *greeting_source_file(void)
{
    return __FILE__;
}

int greeting_number(void)
{
    return GREETING_NUMBER;
}
