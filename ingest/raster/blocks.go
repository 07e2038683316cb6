package raster

import (
	"context"
	"fmt"
	"strings"

	"contado/geo/blockstats"
)

// blockStats writes the block statistics of a finished COG beside it and
// returns their path.
func (c *converter) blockStats(ctx context.Context, cog string, p *part) (string, error) {
	bands := make([]blockstats.Band, len(p.names))
	for i, as := range p.names {
		bands[i] = blockstats.Band{Number: i + 1, Name: as.name, Classes: as.classes}
	}
	dst := strings.TrimSuffix(cog, ".tif") + ".stats.tif"
	if err := blockstats.WriteFile(ctx, dst, cog, bands, nil); err != nil {
		return "", fmt.Errorf("statistics of %s: %w", p.src.name, err)
	}
	return dst, nil
}
