package main

import (
	"fmt"
	"io"
	"strings"

	"contado/geo/analysis"
	"contado/geo/classify"
	"contado/geo/fault"
	"contado/geo/table"
)

type classifyCmd struct {
	picturesFlags
	When       string            `help:"Time of the pictures." placeholder:"TIME"`
	Training   string            `help:"Dataset of polygons whose land cover is known." required:""`
	ClassField string            `help:"Attribute that names the class." required:""`
	Features   []string          `help:"Bands, indices and expressions that classes are told apart by; all bands of amounts when left out."`
	Colors     map[string]string `help:"Colours of classes, e.g. bosco=#117733;acqua=#2b6cb0."`
	Method     string            `help:"How classes are learnt." enum:"maximum-likelihood,nearest-neighbours" default:"maximum-likelihood"`
	Neighbours int               `help:"How many neighbours vote." default:"5"`
	Folds      int               `help:"Parts of the cross-validation." default:"5"`
	Accuracy   string            `help:"Write the error matrix: .csv or .xlsx." type:"path"`
	mapFlags
}

// Help shows examples under the flags.
func (c *classifyCmd) Help() string {
	return `A map of land cover learnt from areas where it is known. The accuracy comes from a
cross-validation that never tests a cell on a model that has seen its area.

Example:
  contado classify -d sentinel-2 --when 2024-06/2024-08 --select median --mask clouds --training fields --class-field cover \
    --features red,nir,swir16,ndvi --into land-cover-2024 --accuracy accuracy.xlsx -o hectares.xlsx`
}

// Run makes the map.
func (c *classifyCmd) Run(a *app) error {
	format, err := outFormat(c.Accuracy, "", "csv", "xlsx")
	if err != nil {
		return err
	}
	if err := writable(c.Accuracy); err != nil {
		return err
	}
	q := analysis.ClassifyRequest{
		Training: c.Training, ClassField: c.ClassField, Features: c.Features, ClassColors: c.Colors,
		Method: classify.Method(c.Method), Neighbours: c.Neighbours, Folds: c.Folds,
	}
	if q.Pictures, err = c.at(c.When, ""); err != nil {
		return err
	}
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		q.MapWhere = w
		m, err := in.engine.Classify(a.ctx, q, p)
		if err != nil {
			return nil, err
		}
		rep, ok := m.Details.(*analysis.LandCoverReport)
		if !ok {
			return nil, fault.Errorf("classify", fault.Other, "the map has no account of its accuracy")
		}
		fmt.Fprintf(a.stderr, "overall accuracy %.1f %% (95 %%: %.1f to %.1f) on %d cells of %d areas; %s\n",
			100*rep.Overall, 100*rep.Low, 100*rep.High, rep.Samples, rep.Areas, rep.Validation)
		if format == "" {
			return m, nil
		}
		l := table.Locale(c.Locale)
		return m, a.write(c.Accuracy, func(w io.Writer) error {
			if strings.EqualFold(format, "xlsx") {
				return rep.Table(l, m).XLSX(w, l)
			}
			return rep.Table(l, m).CSV(w, l)
		})
	})
}
