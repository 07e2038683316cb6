package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// zonal measures statistics by area over one large raster: whole processes,
// from the command to the table on disk.
func (b *bench) zonal(ctx context.Context) error {
	const some = "mean,min,max,sum,count"
	for _, z := range []zones{
		{areasDataset, b.areasFile, some}, {parcelsDataset, b.parcelsFile, some}, {areasDataset, b.areasFile, some + ",median"},
	} {
		if err := b.zonalOf(ctx, z); err != nil {
			return err
		}
	}
	return nil
}

// zones is a dataset of areas, the file it came from, and what is computed.
type zones struct{ dataset, file, stats string }

// contender is a program that computes the same table as contado.
type contender struct {
	name string
	argv []string
	out  string
	most int // runs; few of the slow ones tell enough
	runs []cost
	note string // agreement with contado
}

func (b *bench) zonalOf(ctx context.Context, z zones) error {
	stats := z.stats
	ours := &contender{name: "contado zonal", most: b.reps, out: filepath.Join(b.dir, "contado.csv")}
	ours.argv = []string{b.bin, "--data", b.data, "-q", "zonal", "-d", heightsDataset, "--areas", z.dataset, "--stats", stats, "-o", ours.out}
	all := []*contender{ours}
	if b.venv != "" {
		for _, peer := range []struct {
			kind string
			most int
		}{{"exactextract", 3}, {"raster-sequential", 3}, {"rasterstats", 1}} {
			if peer.kind == "rasterstats" && z.dataset == parcelsDataset {
				continue // minutes
			}
			kind := peer.kind
			name := kind
			if kind == "raster-sequential" {
				name = "exactextract, raster-sequential"
			}
			c := &contender{name: name, most: peer.most, out: filepath.Join(b.dir, kind+".csv")}
			c.argv = []string{b.python(), b.script("zonal.py"), kind, b.file(heightsDataset, ".tif"), z.file, codeField, c.out, stats}
			all = append(all, c)
		}
	}
	for rep := range b.reps {
		for _, c := range all {
			if rep >= c.most {
				continue
			}
			run, err := measured(ctx, c.argv[0], c.argv[1:]...)
			if err != nil {
				return err
			}
			c.runs = append(c.runs, run)
		}
	}
	mine, err := readTable(ours.out)
	if err != nil {
		return err
	}
	for _, c := range all[1:] {
		theirs, err := readTable(c.out)
		if err != nil {
			return err
		}
		if c.note, err = agreement(mine, theirs, strings.Split(stats, ",")); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	ourWall, ourCPU, _ := values(ours.runs)
	var rows [][]string
	for _, c := range all {
		wall, cpu, peak := values(c.runs)
		rows = append(rows, []string{
			c.name, fmt.Sprint(len(c.runs)), num(median(wall)), num(quantile(wall, 0)), num(quantile(wall, 1)),
			num(median(cpu)), num(quantile(peak, 1)), num(median(wall) / median(ourWall)), num(median(cpu) / median(ourCPU)), c.note,
		})
	}
	table(b.out, fmt.Sprintf("Zonal statistics, %d areas, %d × %d cells: %s", len(mine), b.side, b.side, stats),
		[]string{"whole process", "runs", "median s", "least s", "most s", "CPU s", "peak MiB", "× time of contado", "× CPU of contado", "largest difference from contado"}, rows)
	return nil
}

func values(runs []cost) (wall, cpu, peak []float64) {
	for _, r := range runs {
		wall, cpu, peak = append(wall, r.wall), append(cpu, r.cpu), append(peak, r.peak)
	}
	return wall, cpu, peak
}

// readTable reads CSV with the columns code and numbers.
func readTable(path string) (map[string]map[string]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 || rows[0][0] != "code" {
		return nil, fmt.Errorf("%s: want rows, and the first column code", path)
	}
	out := map[string]map[string]float64{}
	for _, r := range rows[1:] {
		out[r[0]] = map[string]float64{}
		for i, name := range rows[0][1:] {
			if name == "name" {
				continue
			}
			if out[r[0]][name], err = strconv.ParseFloat(r[i+1], 64); err != nil {
				return nil, fmt.Errorf("%s: %s of %s: %w", path, name, r[0], err)
			}
		}
	}
	return out, nil
}

// agreement is the largest relative difference of each statistic. Areas that
// one table lacks are an error: then the programs did different work.
func agreement(ours, theirs map[string]map[string]float64, stats []string) (string, error) {
	if len(ours) != len(theirs) {
		return "", fmt.Errorf("%d areas, contado has %d", len(theirs), len(ours))
	}
	var parts []string
	for _, s := range stats {
		worst := 0.0
		for code, row := range ours {
			other, ok := theirs[code][s]
			if !ok {
				return "", fmt.Errorf("no %s of area %s", s, code)
			}
			if d := math.Abs(row[s] - other); d > 0 {
				worst = max(worst, d/max(math.Abs(other), 1e-9))
			}
		}
		if s == "mean" || s == "count" || s == "median" {
			parts = append(parts, fmt.Sprintf("%s %.0e", s, worst))
		}
	}
	return strings.Join(parts, ", "), nil
}
