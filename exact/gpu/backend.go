package gpu

import (
	"context"
	"errors"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/models"
)

// Backend opens models of class exact on a device, for models.Options.
type Backend struct {
	Device int            // its number in Devices
	Other  models.Backend // of other classes, and models that package exact does not compute; nil: models.Engines
}

var _ models.Backend = Backend{}

// OpenFile is exact.Open, then Open.
func (b Backend) OpenFile(ctx context.Context, path, class string) (models.Opened, error) {
	return b.open(ctx, class, func() (*exact.Model, error) { return exact.Open(ctx, path) },
		func() (models.Opened, error) { return b.other().OpenFile(ctx, path, class) })
}

// OpenBytes is exact.OpenBytes, then Open.
func (b Backend) OpenBytes(ctx context.Context, gguf []byte, class string) (models.Opened, error) {
	return b.open(ctx, class, func() (*exact.Model, error) { return exact.OpenBytes(ctx, gguf) },
		func() (models.Opened, error) { return b.other().OpenBytes(ctx, gguf, class) })
}

func (b Backend) other() models.Backend {
	if b.Other == nil {
		return models.Engines()
	}
	return b.Other
}

func (b Backend) open(ctx context.Context, class string, inExact func() (*exact.Model, error), other func() (models.Opened, error)) (models.Opened, error) {
	if class != "" && class != exact.Class {
		return other()
	}
	m, err := inExact()
	if class == "" && errors.Is(err, exact.ErrUnsupported) {
		return other()
	}
	if err != nil {
		return nil, err
	}
	g, err := Open(ctx, m, b.Device)
	if err != nil {
		return nil, err
	}
	return g, nil
}
