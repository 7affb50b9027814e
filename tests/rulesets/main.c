/* SPDX-License-Identifier: Apache-2.0 */
#include <echo.h>

int main(void)
{
    echo_greeting();
    return 0;
}
