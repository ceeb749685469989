/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GKSM_ROUND_H
#define GKSM_ROUND_H

/**
 * enum gksm_round - who looks at pages, each with books of his own
 * @GKSM_ROUND_PASS:   the scan thread, in its passes (scan.c)
 * @GKSM_ROUND_DEMAND: who wants one process merged now (demand.c)
 * @GKSM_NR_ROUNDS:    how many there are
 */
enum gksm_round {
	GKSM_ROUND_PASS,
	GKSM_ROUND_DEMAND,
	GKSM_NR_ROUNDS
};

#endif /* GKSM_ROUND_H */
