// Package gtfs reads public transport timetables in the General Transit Feed
// Specification: it validates them, makes map layers of stops and lines, and
// gives an engine streaming access to trips.
package gtfs
