package analysis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/recipe"
)

// Where the recipes of the server are kept, and when each was made last.
const (
	RecipePrefix = "recipes/"
	RecipeEnding = ".yaml"
	LastEnding   = ".last"
)

// recipeInfo is a recipe of the server.
type recipeInfo struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description,omitempty"`
	Territories []namedTerritory `json:"territories"`
	Services    []string         `json:"services"`
	Profiles    []string         `json:"profiles"`
	Schedule    string           `json:"schedule,omitempty"`
	// Last and Next are when the server made its reports, and will again.
	Last *time.Time `json:"last,omitempty"`
	Next *time.Time `json:"next,omitempty"`
	// Text is the recipe itself (YAML).
	Text string `json:"text"`
}

type namedTerritory struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

var recipeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$`)

// keptRecipe reads a recipe of the server; NotExist when there is none.
func (h *Handler) keptRecipe(ctx context.Context, name string) (*recipe.Recipe, string, error) {
	none := fault.WithHint(fault.Errorf("recipes", fault.NotExist, "there is no recipe %.80q", name), "the list is at /recipes")
	if !recipeName.MatchString(name) {
		return nil, "", none
	}
	f, _, err := h.Blobs.Open(ctx, RecipePrefix+name+RecipeEnding)
	if fault.Is(err, fault.NotExist) {
		return nil, "", none
	}
	if err != nil {
		return nil, "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, recipe.MaxBytes+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, "", fmt.Errorf("recipe %s: %w", name, err)
	}
	r, err := recipe.Parse(strings.NewReader(string(b)))
	if err != nil {
		return nil, "", fmt.Errorf("recipe %s: %w", name, err)
	}
	return r, string(b), nil
}

// recipes lists the recipes of the server.
func (h *Handler) recipes(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	ctx := c.Request().Context()
	files, err := h.Blobs.List(ctx, RecipePrefix)
	if err != nil {
		return err
	}
	list := []recipeInfo{}
	for _, f := range files {
		name, ok := strings.CutSuffix(strings.TrimPrefix(f.Key, RecipePrefix), RecipeEnding)
		if !ok {
			continue
		}
		info, err := h.recipeInfo(ctx, name)
		if fault.Is(err, fault.NotExist) {
			continue // taken off meanwhile
		}
		if err != nil {
			return err
		}
		list = append(list, *info)
	}
	return rest.Fresh(c, 200, struct {
		Recipes []recipeInfo `json:"recipes"`
		Links   []rest.Link  `json:"links"`
	}{list, []rest.Link{{Href: rest.URL(c, "recipes"), Rel: "self", Type: rest.MediaJSON, Title: "Recipes"}}})
}

func (h *Handler) recipeInfo(ctx context.Context, name string) (*recipeInfo, error) {
	r, text, err := h.keptRecipe(ctx, name)
	if err != nil {
		return nil, err
	}
	tree, err := h.Atlas.Current().Territories(ctx)
	if err != nil {
		return nil, err
	}
	out := &recipeInfo{
		Name: name, Title: r.Title, Description: r.Description, Territories: []namedTerritory{}, Services: r.Services,
		Profiles: append([]string{}, r.Profiles...), Schedule: r.Schedule, Text: text,
	}
	for _, code := range r.Territories {
		t := namedTerritory{Code: code, Name: code}
		if known, err := tree.Get(code); err == nil {
			t.Name = known.Name
		} else if !fault.Is(err, fault.NotExist) {
			return nil, err
		}
		out.Territories = append(out.Territories, t)
	}
	return out, h.planned(ctx, r, out)
}

// planned says when a recipe was made last, and when it comes next.
func (h *Handler) planned(ctx context.Context, r *recipe.Recipe, out *recipeInfo) error {
	s, err := recipe.ParseSchedule(r.Schedule)
	if err != nil || s.Never() {
		return nil //nolint:nilerr // no schedule, no plan
	}
	b, _, err := h.read(ctx, RecipePrefix+out.Name+LastEnding)
	if fault.Is(err, fault.NotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	last, err := time.Parse(time.RFC3339, strings.TrimSpace(string(b)))
	if err != nil {
		return fmt.Errorf("when recipe %s was made: %w", out.Name, err)
	}
	next := s.Next(last.Local()).UTC()
	out.Last, out.Next = &last, &next
	return nil
}
