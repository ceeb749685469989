/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_intruder.h - what somebody would try who got hold of gksmd
 */
#ifndef GKSM_FAKE_INTRUDER_H
#define GKSM_FAKE_INTRUDER_H

unsigned int fake_intruder_try(void);

#endif /* GKSM_FAKE_INTRUDER_H */
