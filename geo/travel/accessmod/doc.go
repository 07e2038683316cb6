// Package accessmod computes travel times, coverage by zone and capacity as
// WHO AccessMod 5 does, to the minute: for those who have to compare with its
// results. Everything else is better served by package travel, whose times are
// in seconds and whose answers do not depend on the order of facilities.
//
// What it keeps of AccessMod (tool and r.walk.accessmod, version 5.9):
//
//   - Each cell has a code, mode·1,000,000 + speed·1,000 (km/h on level
//     ground), 0 for a barrier: the top layer of a stack that has a value there
//     (Merge), without roads that leak diagonally over a barrier (Bridges).
//   - A straight or diagonal move takes half its length at the speed of each
//     end, a knight's move a quarter in each of the four cells that it passes,
//     all at the slope between its ends. A diagonal move between two barriers
//     is free; a knight's move is blocked by either cell between.
//   - On foot v = v0·exp(−3.5·|S+0.05| + 0.175), by bicycle by power balance, by
//     motor v0 whatever the slope.
//   - Times are whole minutes, rounded up (down before issue 394), at most
//     32,767: beyond that is an error here, not −1.
//   - A zone's people within a time are those with minutes ≤ limit; version 5.8
//     and before had minutes < limit on minutes rounded up, which can be asked
//     for.
//   - Facilities take people one by one in an order that the user chooses.
//
// What differs on purpose: a zone without people has no share (AccessMod says
// 0 %), and nothing is written over.
package accessmod
