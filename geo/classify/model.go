// Package classify tells cells apart by their values: in two by a threshold
// (Histogram.Otsu), or in many classes learnt from training areas (Train,
// Model.Predict), with an honest account of how well it does that
// (CrossValidate, Confusion). It computes only.
//
// Two classifiers are offered: Gaussian maximum likelihood, the standard of
// the field for multispectral imagery, fast and smooth; and k nearest
// neighbours, which assumes no shape of the classes. A random forest is not:
// no Go library for it (malaschitz/randomForest, RF.go, CloudForest, golearn,
// leaves) could be resolved to an exact version when this was written.
package classify

import (
	"fmt"
	"slices"

	"contado/geo/fault"
)

// Method is a way to learn classes.
type Method string

// The methods.
const (
	MaximumLikelihood Method = "maximum-likelihood"
	NearestNeighbours Method = "nearest-neighbours"
)

// Options tunes Train; nil means the defaults.
type Options struct {
	Method Method // "" = MaximumLikelihood
	// Neighbours is how many vote (1 … 31); 0 = 5.
	Neighbours int
	// MaxSamples bounds the samples that nearest neighbours keep, taken evenly
	// from each class; 0 = 20,000. Model.Used tells how many there are.
	MaxSamples int
}

// classifier is a trained method.
type classifier interface {
	// predict gives the index of the class and, when wanted, its confidence,
	// of each cell whose mask is not 0; state is a scratch of its own.
	predict(dst []uint8, confidence []float32, mask []uint8, bands [][]float32)
}

// Model is a trained classifier. It is immutable and safe for concurrent use,
// and its answer for a cell depends on that cell alone.
type Model struct {
	method     Method
	classes    []uint8
	bands      int
	used       int
	classifier classifier
}

// Train learns from samples. The same samples in the same order give the
// same model. Errors are fault.Invalid and TooLarge.
func Train(s *Samples, o *Options) (*Model, error) {
	const op = "classify.Train"
	if o == nil {
		o = &Options{}
	}
	if err := s.check(op); err != nil {
		return nil, err
	}
	m := &Model{method: o.Method, classes: s.Classes(), bands: s.Bands}
	var err error
	switch o.Method {
	case "", MaximumLikelihood:
		m.method, m.used = MaximumLikelihood, s.Len()
		m.classifier, err = trainGauss(s, m.classes)
	case NearestNeighbours:
		m.classifier, m.used, err = trainNearest(s, m.classes, o)
	default:
		err = fmt.Errorf("there is no method %q; there are %s and %s", o.Method, MaximumLikelihood, NearestNeighbours)
	}
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	return m, nil
}

// Method is how the model was learnt.
func (m *Model) Method() Method { return m.method }

// Classes are the classes that it tells apart, ascending.
func (m *Model) Classes() []uint8 { return slices.Clone(m.classes) }

// Bands is the number of bands that it reads.
func (m *Model) Bands() int { return m.bands }

// Used is the number of samples that it was made from.
func (m *Model) Used() int { return m.used }

// Predict writes the class of each cell. bands has Bands rows in the order of
// training, of the length of dst. Cells whose mask is 0 become class 0; the
// mask is cleared where a band has no value. A nil mask stands for all cells
// valid. confidence may be nil; otherwise it becomes the posterior
// probability (maximum likelihood, of classes that are equally frequent) or
// the share of the votes. Rows of wrong number or length are a mistake of the
// caller: Predict panics.
func (m *Model) Predict(dst []uint8, confidence []float32, mask []uint8, bands [][]float32) {
	n := len(dst)
	if len(bands) != m.bands || (mask != nil && len(mask) != n) || (confidence != nil && len(confidence) != n) {
		panic(fmt.Sprintf("classify: %d bands for a model of %d, rows of %d, %d and %d cells", len(bands), m.bands, n, len(mask), len(confidence)))
	}
	if mask == nil {
		mask = slices.Repeat([]uint8{255}, n)
	}
	for _, b := range bands {
		if len(b) != n {
			panic(fmt.Sprintf("classify: band row of %d cells, others of %d", len(b), n))
		}
		for i, v := range b {
			if v-v != 0 {
				mask[i] = 0
			}
		}
	}
	m.classifier.predict(dst, confidence, mask, bands)
	for i, c := range dst {
		if mask[i] == 0 {
			dst[i] = 0
			if confidence != nil {
				confidence[i] = 0
			}
			continue
		}
		dst[i] = m.classes[c]
	}
}
