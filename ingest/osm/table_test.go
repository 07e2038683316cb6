package osm

import (
	"slices"
	"strings"
	"testing"
)

func TestServicesOfTags(t *testing.T) {
	t.Parallel()
	table, err := services()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ tags, want string }{
		{"amenity=pharmacy", "pharmacy"},
		{"healthcare=pharmacy", "pharmacy"},
		{"amenity=pharmacy,disused=yes", "pharmacy"},
		{"amenity=hospital,emergency=yes", "hospital"},
		{"amenity=doctors", "doctor"},
		{"amenity=school", "school"},
		{"amenity=school,isced:level=1", "school_primary"},
		{"amenity=school,isced:level=1;2", "school_primary;school_lower_secondary"},
		{"amenity=school,name=Scuola Primaria \"G. Rodari\"", "school_primary"},
		{"amenity=school,name=Scuola media Manzoni", "school_lower_secondary"},
		{"amenity=school,name=Liceo Scientifico Galilei", "school_upper_secondary"},
		{"amenity=school,name=Scuola secondaria di primo grado", "school_lower_secondary"},
		{"amenity=kindergarten", "kindergarten"},
		{"amenity=post_office,atm=yes", "post_office;atm"},
		{"amenity=bank;atm", "bank;atm"},
		{"amenity=bank,atm=no", "bank"},
		{"shop=supermarket", "supermarket"},
		{"shop=supermarket;bakery", "supermarket;bakery"},
		{"shop=books", "shop"},
		{"shop=vacant", ""},
		{"shop=no", ""},
		{"highway=bus_stop", "bus_stop"},
		{"highway=bus_stop,public_transport=platform", "bus_stop"},
		{"public_transport=platform,bus=yes", ""},
		{"railway=station", "railway_station"},
		{"railway=station,station=subway", "urban_rail_station"},
		{"railway=halt", "railway_station"},
		{"amenity=fuel,shop=convenience", "grocery;fuel"},
		{"amenity=library", "library"},
		{"amenity=police", "police"},
		{"amenity=fire_station", "fire_station"},
		{"amenity=townhall", "town_hall"},
		{"leisure=swimming_pool,access=private,name=X", ""},
		{"leisure=swimming_pool,name=Lido", "sports"},
		{"building=yes,name=Liceo", ""},
		{"", ""},
	} {
		var names []string
		for _, i := range table.find(tagsOf(strings.Split(c.tags, ",")...), nil) {
			names = append(names, table.kinds[i].Kind)
		}
		if got := strings.Join(names, ";"); got != c.want {
			t.Errorf("%s: %q, want %q", c.tags, got, c.want)
		}
	}
}

// TestServicesAsked: every kind that was asked for is in the table.
func TestServicesAsked(t *testing.T) {
	t.Parallel()
	var names []string
	for _, k := range Services() {
		names = append(names, k.Kind)
	}
	for _, want := range strings.Fields(`pharmacy doctor hospital school_primary school_lower_secondary school_upper_secondary school kindergarten post_office
		bank atm supermarket shop bus_stop railway_station fuel library police fire_station town_hall`) {
		if !slices.Contains(names, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestTableFaults(t *testing.T) {
	t.Parallel()
	entry := func(more string) string {
		return "[[service]]\nkind = \"a\"\ngroup = \"g\"\nen = \"A\"\nit = \"A\"\n" + more
	}
	for text, says := range map[string]string{
		"x = 1": "not known", entry(""): "not whole", entry(`tags = [""]`): "no key", entry(`tags = ["!a"]`): "begin with",
		entry(`tags = ["a=b & c~("]`): "missing closing", entry(`tags = ["a="]`): "empty value", entry(`tags = ["a=b"]` + "\nfiner_of = \"z\""): "not there",
		entry(`tags = ["a=b"]`) + "\n" + entry(`tags = ["a=c"]`): "twice", "[[service": "table of services",
	} {
		if _, err := parseServices(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

func FuzzConditions(f *testing.F) {
	f.Add("amenity=school & name~(?i)liceo & a!=b|c & !d & e=*")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseConditions(text)
		if err != nil {
			return
		}
		for i := range all {
			all[i].holds(tagsOf("amenity=school", "name=x"))
		}
	})
}
