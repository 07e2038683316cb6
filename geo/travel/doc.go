// Package travel computes how long people walk over a raster surface: the
// shortest time from every cell to the nearest of many facilities (or back),
// in one pass.
//
// KNearest gives the k nearest facilities of every cell, Catchments the cells of
// each facility alone, ComputeEach several services side by side. A Profile is
// who travels, read from a file; a Season what snow and water do to the ground.
//
// A Surface gives the speed on level ground of each cell, the elevation and
// the cell size in metres. Prepare packs it once; Engine.Compute then gives a
// value for every cell, Engine.Reach only the cells within a time limit, at a
// cost that depends on those cells alone. BuildSurface makes a Surface from
// land cover, elevation, roads, barriers and a SpeedTable.
//
// Cells are numbered row by row: cell = row·Width + col, row 0 first. Times
// are seconds in float32, +Inf where no facility can be reached; a limit is
// inclusive (a cell at exactly MaxSeconds is within it).
//
// # The cost of a move
//
// A straight or diagonal move of length L between the cells a and b takes
//
//	L/2·(1/va + 1/vb)
//
// seconds: half the way at the speed of each cell, so times add up
// harmonically (speeds are never averaged). A knight's move (Neighbours 16)
// also passes over the two cells between its ends and spends a quarter of the
// way in each of the four, as GRASS r.cost and AccessMod do: from (0,0) to
// (col 1, row 2) the cells between are (0,1) and (1,1). The moves of three cells
// (Neighbours 32) spend in each cell the share of the straight line that lies
// in it: see far.go. Across open ground the longest way that moves take is 8.2 %,
// 2.8 % or 1.3 % too long with 8, 16 or 32 neighbours; Solver FastMarching goes in
// any direction instead, within 0.1 % on average.
//
// With elevation, each part is divided by the slope factor of the whole move
// (Options.Slope; slope between the two end cells, in the direction of walking), save
// for parts in cells whose rule is SlopeIgnored. A move with an end of unknown
// elevation (NaN) is taken as level. MaxSlope closes steeper moves.
//
// # Barriers
//
// A cell with speed 0 (or NaN) is never entered. A diagonal move is blocked
// when both cells that touch its middle are barriers, and a knight's or far move
// when any cell between is one: a line of barrier cells that touch by corners
// only holds tight. Between one barrier corner and open ground a diagonal move
// is free.
package travel
