/* SPDX-License-Identifier: MIT */
/* Sections of start-up and shut-down code: none here. Mirrors include/linux/init.h. */
#ifndef DMASIM_LINUX_INIT_H
#define DMASIM_LINUX_INIT_H

#define __init
#define __initdata
#define __initconst
#define __exit
#define __exitdata
#define __exit_p(x) (x)
#define __devinit   /* until 3.8 */
#define __devexit
#define __devinitdata
#define __devexit_p(x) (x)
#define __refdata

#endif
