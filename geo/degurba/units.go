package degurba

// Unit is an area, such as a municipality, and what of it lies in cells of
// each class of level 2. Either amounts of people or of land may be missing.
type Unit struct {
	People map[Class]float64 // by class of level 2
	Land   map[Class]float64 // km² of land, water cells left out
}

// UnitClass is the class of a unit.
type UnitClass uint8

// The classes of units: those of level 1 and, where they part, of level 2.
const (
	Unknown           UnitClass = 0
	City              UnitClass = 30
	Town              UnitClass = 20 // towns and semi-dense areas, level 1
	DenseTown         UnitClass = 23
	SemiDenseTown     UnitClass = 22
	Suburb            UnitClass = 21
	RuralArea         UnitClass = 10 // level 1
	Village           UnitClass = 13
	DispersedRural    UnitClass = 12
	MostlyUninhabited UnitClass = 11
)

// Level1 is the class of level 1 that a class of level 2 belongs to.
func (c UnitClass) Level1() UnitClass {
	switch {
	case c >= Suburb && c <= DenseTown:
		return Town
	case c >= MostlyUninhabited && c <= Village:
		return RuralArea
	}
	return c
}

// words are how a class is named in reports: its code, English, Italian.
var words = map[UnitClass][3]string{
	City:              {"city", "City", "Città"},
	Town:              {"town", "Town or semi-dense area", "Piccola città o zona a densità intermedia"},
	DenseTown:         {"dense-town", "Dense town", "Cittadina densa"},
	SemiDenseTown:     {"semi-dense-town", "Semi-dense town", "Cittadina semidensa"},
	Suburb:            {"suburb", "Suburb or peri-urban area", "Sobborgo o zona periurbana"},
	RuralArea:         {"rural", "Rural area", "Zona rurale"},
	Village:           {"village", "Village", "Villaggio"},
	DispersedRural:    {"dispersed-rural", "Dispersed rural area", "Zona rurale a insediamento sparso"},
	MostlyUninhabited: {"mostly-uninhabited", "Mostly uninhabited area", "Zona in gran parte disabitata"},
}

// Code names a class in reports; "" for Unknown.
func (c UnitClass) Code() string { return words[c][0] }

// UnitClassByCode is the class of a code; Unknown for others.
func UnitClassByCode(code string) UnitClass {
	for c, w := range words {
		if w[0] == code {
			return c
		}
	}
	return Unknown
}

// Label is the name of a class for people, in English and Italian; nil for
// Unknown.
func (c UnitClass) Label() map[string]string {
	w, ok := words[c]
	if !ok {
		return nil
	}
	return map[string]string{"en": w[1], "it": w[2]}
}

// shares are amounts of a unit by class: of people, or of land where nobody
// lives. They are compared doubled, so that whole numbers stay exact.
type shares struct{ centre, dense, semi, suburb, village, low, veryLow, all float64 }

// half reports whether an amount is half of all or more.
func (s *shares) half(amount float64) bool { return 2*amount >= s.all }

func (s *shares) cluster() float64 { return s.dense + s.semi + s.suburb }
func (s *shares) rural() float64   { return s.village + s.low + s.veryLow }

func sharesOf(m map[Class]float64) (shares, bool) {
	// Water has nobody by definition, and its surface is no land.
	sum := 0.0
	for _, c := range [...]Class{UrbanCentre2, DenseCluster, SemiDense, Suburban, RuralCluster, LowDensity, VeryLowDensity} {
		sum += m[c]
	}
	if !(sum > 0) {
		return shares{}, false
	}
	return shares{m[UrbanCentre2], m[DenseCluster], m[SemiDense], m[Suburban], m[RuralCluster], m[LowDensity], m[VeryLowDensity], sum}, true
}

// ClassifyUnit gives a unit its classes at levels 1 and 2. A unit without
// people is classified by its land; without either it is Unknown.
//
// Where the rules of 2021 leave a tie between rural classes, the denser wins.
func ClassifyUnit(u Unit, r Rules) (level1, level2 UnitClass) {
	s, ok := sharesOf(u.People)
	if !ok {
		if s, ok = sharesOf(u.Land); !ok {
			return Unknown, Unknown
		}
	}
	switch {
	case s.half(s.centre):
		return City, City
	case 2*s.rural() > s.all:
		return RuralArea, s.ruralClass(r.Units)
	}
	return Town, s.townClass(r.Units)
}

func (s *shares) townClass(rules UnitRules) UnitClass {
	if rules == Units2021 {
		switch {
		case s.dense+s.semi <= s.suburb:
			return Suburb
		case s.dense >= s.semi:
			return DenseTown
		}
		return SemiDenseTown
	}
	switch {
	case s.half(s.centre + s.dense):
		return DenseTown
	case s.half(s.suburb + s.rural()):
		return Suburb
	}
	return SemiDenseTown
}

func (s *shares) ruralClass(rules UnitRules) UnitClass {
	if rules == Units2021 {
		switch {
		case s.village >= s.low && s.village >= s.veryLow:
			return Village
		case s.low >= s.veryLow:
			return DispersedRural
		}
		return MostlyUninhabited
	}
	switch {
	case s.half(s.centre + s.cluster() + s.village):
		return Village
	case s.half(s.veryLow):
		return MostlyUninhabited
	}
	return DispersedRural
}
