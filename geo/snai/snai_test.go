package snai_test

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"contado/geo/coverage"
	"contado/geo/snai"
	"contado/scripts/shareddata"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[float64][2]string{
		0: {"C", "C"}, 20: {"C", "C"}, 20.04: {"C", "C"}, 20.1: {"D", "C"}, 27.7: {"D", "C"}, 27.74: {"D", "C"}, 27.8: {"D", "D"},
		40: {"D", "D"}, 40.9: {"E", "D"}, 41: {"E", "E"}, 66.9: {"E", "E"}, 67: {"E", "F"}, 75: {"E", "F"}, 75.1: {"F", "F"},
		math.Inf(1): {"F", "F"}, -1: {"", ""},
	} {
		if got := [2]string{snai.Edition2014.Class(minutes), snai.Edition2020.Class(minutes)}; got != want {
			t.Errorf("%v minutes: %v, want %v", minutes, got, want)
		}
	}
	if snai.Edition2020.Class(math.NaN()) != "" {
		t.Error("an unknown time has a class")
	}
}

// TestOfficialTable: from the official times come the official classes, and
// the published counts, for all comuni of Italy.
func TestOfficialTable(t *testing.T) {
	t.Parallel()
	f, err := os.Open(shareddata.Path(t, "it-snai-aree-interne/mappa-ai-2020-comuni.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var areas []snai.Area
	var people []float64
	for _, row := range rows[1:] {
		a := snai.Area{Code: row[column["procom_t"]], Name: row[column["comune"]], Level: "municipality", Official: row[column["cod_ai_2020"]], Seconds: math.NaN()}
		if minutes, err := strconv.ParseFloat(row[column["tempo_medio_min_al_polo"]], 64); err == nil {
			a.Seconds, a.OfficialMinutes = minutes*60, &minutes
		}
		if a.Official == snai.Pole || a.Official == snai.JointPole {
			a.Pole = a.Official
		}
		n, err := strconv.ParseFloat(row[column["pop_res_2020"]], 64)
		if err != nil {
			t.Fatal(err)
		}
		areas, people = append(areas, a), append(people, n)
	}
	c := snai.Compare(snai.Classes(snai.Edition2020, areas), people)
	wantAreas := []int{182, 59, 3828, 1928, 1524, 382}
	wantPeople := []float64{20470301, 1576586, 23756465, 8059454, 4653355, 720052}
	for k := range c.Classes {
		if c.Areas[k][k] != wantAreas[k] || c.People[k][k] != wantPeople[k] {
			t.Errorf("class %s: %d comuni with %v people, want %d with %v; row %v", c.Classes[k], c.Areas[k][k], c.People[k][k], wantAreas[k], wantPeople[k], c.Areas[k])
		}
	}
	if c.Compared != 7903 || *c.Agree != 1 || *c.Kappa != 1 || *c.InnerAgree != 1 || *c.MeanDifference != 0 {
		t.Errorf("compared %d, agree %v", c.Compared, *c.Agree)
	}
	older := snai.Compare(snai.Classes(snai.Edition2014, areas), people)
	if *older.Agree >= 1 || *older.Near != 1 {
		t.Errorf("limits of 2014 agree in %v, nearly in %v", *older.Agree, *older.Near)
	}
}

func TestCompareByHand(t *testing.T) {
	t.Parallel()
	v := func(x float64) *float64 { return &x }
	list := []coverage.AreaClass{
		{Class: "C", Official: "C", Value: v(20), OfficialValue: v(18)},
		{Class: "D", Official: "C", Value: v(30), OfficialValue: v(27)},
		{Class: "F", Official: "D", Value: v(70), OfficialValue: v(40)},
		{Class: "", Official: "D"},
	}
	c := snai.Compare(list, []float64{1, 2, 3, 4})
	if c.Compared != 3 || c.Without != 1 || math.Abs(*c.Agree-1.0/3) > 1e-15 || math.Abs(*c.Near-2.0/3) > 1e-15 || math.Abs(*c.InnerAgree-2.0/3) > 1e-15 {
		t.Errorf("%+v", c)
	}
	if c.Areas[2][3] != 1 || c.People[3][5] != 3 || *c.MedianDifference != 3 || math.Abs(*c.MeanDifference-35.0/3) > 1e-12 {
		t.Errorf("%+v", c)
	}
	// Weights: seen 0+1+4 = 5; chance over rows (C 2, D 1) and columns (C, D, F one each): (0+2+18 + 1+0+4)/3 = 25/3.
	if math.Abs(*c.Kappa-(1-5/(25.0/3))) > 1e-12 {
		t.Errorf("kappa %v", *c.Kappa)
	}
	if empty := snai.Compare(nil, nil); empty.Agree != nil || empty.Kappa != nil || empty.MeanDifference != nil {
		t.Errorf("of nothing: %+v", empty)
	}
}

func TestMeanSeconds(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	mean, without, err := snai.MeanSeconds(context.Background(), 4, []int32{0, 0, 0, 1, 2}, []float64{1, 3, 4, 2, 0}, []float32{100, 200, inf, inf, 50})
	if err != nil {
		t.Fatal(err)
	}
	if mean[0] != 175 || without[0] != 0.5 || !math.IsInf(mean[1], 1) || without[1] != 1 || mean[2] != 50 || !math.IsNaN(mean[3]) {
		t.Errorf("%v, without %v", mean, without)
	}
}
