// SPDX-License-Identifier: GPL-2.0-only
/*
 * plot.c - pictures of figures, by gnuplot
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

/**
 * plot_begin - start a picture
 * @path:   file to write, .svg or .png
 * @width:  in pixels
 * @height: in pixels
 *
 * Return: where gnuplot reads its commands; to be given to plot_end().
 */
FILE *plot_begin(const char *path, unsigned int width, unsigned int height)
{
	const char *dot = strrchr(path, '.');
	const bool is_png = dot && strcmp(dot, ".png") == 0;
	FILE *gnuplot = popen("gnuplot", "we");

	if (!gnuplot)
		fail("cannot plot", "is gnuplot installed?");
	fprintf(gnuplot, "set terminal %s size %u,%u\nset output '%s'\n",
		is_png ? "png" : "svg background 'white'", width, height, path);
	return gnuplot;
}

/**
 * plot_end - draw it
 * @gnuplot: from plot_begin()
 */
void plot_end(FILE *gnuplot)
{
	if (pclose(gnuplot))
		fail("cannot plot",
		     "gnuplot failed; is gnuplot-nox installed?");
}
