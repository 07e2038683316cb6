// Package road computes how long vehicles and people take on a network of
// roads: a directed graph made of any layer of lines.
//
// Nodes are the vertices that lines share, and their ends; an edge is the
// stretch of one line between two nodes and keeps its shape. Each edge has two
// arcs: arc 2·edge runs along the line, 2·edge+1 against it.
//
// Build makes a Network, which knows nothing of profiles: classes, limits,
// access, heights. Create writes it to a file and Open maps that file into
// memory. Weigh gives each arc its time for a profile and folds the turn
// restrictions in; the Graph so made is searched.
//
// Positions are longitude and latitude in degrees on WGS84, kept to 1e-7
// degrees (about 1 cm, OpenStreetMap's own resolution): lines meet where their
// vertices agree to that. Lengths are metres on the ellipsoid. Times inside
// are whole milliseconds, so that sums are exact in any order; the longest is
// Horizon.
package road
