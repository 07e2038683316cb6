package xyz

import (
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/tiles"
	"contado/tiles/style"
)

// sheet is a sprite sheet, drawn once.
type sheet struct {
	png  []byte
	list map[string]style.SpriteImage
	err  error
}

var sheets = [2]func() sheet{
	sync.OnceValue(func() sheet { return drawSheet(1) }),
	sync.OnceValue(func() sheet { return drawSheet(2) }),
}

func drawSheet(ratio int) sheet {
	var s sheet
	s.png, s.list, s.err = style.Sprite(ratio)
	return s
}

// sprite answers with the sheet of icons and patterns that styles name, or
// with its list: contado.png, contado.json, contado@2x.png, contado@2x.json.
func (h *Handler) sprite(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	file, err := rest.Path(c, "file")
	if err != nil {
		return err
	}
	name, ending, _ := strings.Cut(file, ".")
	ratio := 1
	if base, double := strings.CutSuffix(name, "@2x"); double {
		name, ratio = base, 2
	}
	if name != "contado" || ending != "png" && ending != "json" {
		return fault.Errorf("xyz", fault.NotExist, "there is no sprite %.40q; there are contado and contado@2x, .png and .json", file)
	}
	s := sheets[ratio-1]()
	switch {
	case s.err != nil:
		return s.err
	case ending == "png":
		return rest.Bytes(c, tiles.PNG, s.png)
	}
	return rest.JSON(c, rest.MediaJSON, s.list)
}
