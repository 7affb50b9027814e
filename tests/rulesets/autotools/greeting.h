/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GREETING_H
#define GREETING_H

const char *greeting_source_file(void);
int greeting_number(void);

#endif
