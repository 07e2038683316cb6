package analysis

// WithoutPosition is withoutPosition, for tests of this package alone.
var WithoutPosition = withoutPosition
