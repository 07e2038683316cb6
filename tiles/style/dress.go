package style

import (
	"strings"

	"contado/geo/store/catalog"
)

// opacities are the properties of how much shows through, by type of layer.
var opacities = map[string]string{"fill": "fill-opacity", "line": "line-opacity", "circle": "circle-opacity"}

// Dress gives the layers of a vector dataset the colour and opacity that were
// kept with it. Classes keep the colours that they have.
func Dress(doc *Document, d catalog.Dataset) {
	s := d.About.Style
	if s == nil || d.Kind != catalog.Vector {
		return
	}
	for i := range doc.Layers {
		l := &doc.Layers[i]
		if l.Paint == nil || l.Source != d.ID {
			continue
		}
		if s.By == "" && s.Colour != "" {
			for name := range l.Paint {
				if strings.HasSuffix(name, "-color") && !strings.Contains(name, "stroke") && !strings.Contains(name, "halo") && !strings.Contains(name, "text") {
					l.Paint[name] = s.Colour
				}
			}
		}
		if name := opacities[l.Type]; name != "" && s.Opacity != nil {
			l.Paint[name] = *s.Opacity
		}
	}
}
