/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the frontends' queue logic have in common.  No state. */
#ifndef FRONTENDS_TEST_H
#define FRONTENDS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#endif
