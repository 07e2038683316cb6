package analysis

import (
	"encoding/json"
	"strings"
	"testing"

	"contado/geo/fault"
)

// An input of pictures has a value of its own, which is not that of a
// qualified input value.
func TestQualifiedInputs(t *testing.T) {
	t.Parallel()
	const pictures = `{"dataset":"s2","value":"ndvi"}`
	for _, text := range []string{pictures, `{"value":` + pictures + `}`, `{"value":` + pictures + `,"mediaType":"application/json"}`} {
		var in seriesInputs
		if err := inputsOf(json.RawMessage(`{"pictures":`+text+`}`), &in); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if in.Pictures.Dataset != "s2" || in.Pictures.Value != "ndvi" {
			t.Errorf("%s: %+v", text, in.Pictures)
		}
	}
}

// Errors of decoding speak of inputs, not of our types.
func TestInputErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"pictures":"s2"}`:                         "pictures: want an object, not string",
		`{"pictures":{"dataset":"s2","items":"a"}}`: "pictures.items: want a list, not string",
		`{"trend":"yes"}`:                           "trend: want true or false, not string",
		`{"min_valid":[]}`:                          "min_valid: want a number, not array",
		`{"nonsense":1}`:                            `unknown field "nonsense"`,
		`[]`:                                        "want an object",
	} {
		var in seriesInputs
		err := inputsOf(json.RawMessage(text), &in)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
