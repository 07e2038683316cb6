package api_test

import (
	"encoding/csv"
	"math"
	"net/http"
	"testing"
)

func TestSummaryProcess(t *testing.T) {
	t.Parallel()
	var res struct {
		Shapes string
		Rows   int
		Areas  []struct {
			Code    string
			Count   int
			Density float64 `json:"density_per_km2"`
			Area    float64 `json:"area_km2"`
		}
	}
	post(t, "summary/execution", `{"inputs":{"dataset":"clinic","areas":{"territory":"9"}}}`).Want(http.StatusOK).Read(&res)
	count := 0
	for _, a := range res.Areas {
		count += a.Count
		if math.Abs(a.Density-float64(a.Count)/a.Area) > 1e-12 {
			t.Errorf("%s: density %g", a.Code, a.Density)
		}
	}
	if len(res.Areas) != 2 || res.Shapes != "points" || count != res.Rows || res.Rows == 0 {
		t.Errorf("%+v", res)
	}
	r := post(t, "summary/execution?f=csv", `{"inputs":{"dataset":"clinic","areas":{"dataset":"municipalities"},"filter":"1=0"}}`).Want(http.StatusOK)
	rows, err := csv.NewReader(r.Body).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][3] != "0" || rows[2][3] != "0" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestNearestAndContainingProcesses(t *testing.T) {
	t.Parallel()
	var near struct {
		Rows []struct {
			Code       string
			Neighbours []struct {
				ID     int
				Metres float64 `json:"distance_m"`
			}
		}
	}
	post(t, "nearest/execution", `{"inputs":{"areas":{"dataset":"municipalities"},"to":"clinic","k":1}}`).Want(http.StatusOK).Read(&near)
	if len(near.Rows) != 2 || len(near.Rows[0].Neighbours) != 1 || len(near.Rows[1].Neighbours) != 1 {
		t.Fatalf("%+v", near)
	}
	var where struct {
		Rows []struct{ Areas []struct{ Code string } }
	}
	post(t, "containing/execution", `{"inputs":{"dataset":"clinic","areas":{"dataset":"municipalities"}}}`).Want(http.StatusOK).Read(&where)
	if len(where.Rows) == 0 || len(where.Rows[0].Areas) != 1 {
		t.Fatalf("%+v", where)
	}
	// A clinic lies in the municipality that it is no metre away from.
	for _, n := range near.Rows {
		if in := n.Code == where.Rows[0].Areas[0].Code; len(where.Rows) == 1 && in != (n.Neighbours[0].Metres == 0) {
			t.Errorf("%s: %g m away, lies in %s", n.Code, n.Neighbours[0].Metres, where.Rows[0].Areas[0].Code)
		}
	}
}

func TestBadJoinsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ process, inputs string }{
		{"summary", `{"dataset":"clinic"}`},
		{"summary", `{"dataset":"../x","areas":{"territory":"9"}}`},
		{"summary", `{"dataset":"none","areas":{"territory":"9"}}`},
		{"summary", `{"dataset":"clinic","areas":{"territory":"9"},"by":"nothing"}`},
		{"summary", `{"dataset":"clinic","areas":{"territory":"9"},"filter":"a ="}`},
		{"summary", `{"dataset":"clinic","areas":{"territory":"9"},"to":"clinic"}`},
		{"summary", `{"dataset":"clinic","areas":{"territory":"9"},"locale":"xx"}`},
		{"nearest", `{"to":"clinic"}`},
		{"nearest", `{"to":"clinic","from":"clinic","areas":{"territory":"9"}}`},
		{"nearest", `{"to":"clinic","from":"clinic","k":-1}`},
		{"nearest", `{"to":"clinic","from":"clinic","within":-5}`},
		{"containing", `{"dataset":"clinic"}`},
		{"containing", `{"dataset":"clinic","areas":{"territory":"9"},"sum":["x"]}`},
	} {
		post(t, c.process+"/execution", `{"inputs":`+c.inputs+`}`).Want(http.StatusBadRequest)
	}
}
