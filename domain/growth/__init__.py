"""How a child grows: z-scores, percentiles, plausibility, a chart, and which form of development is
due."""
