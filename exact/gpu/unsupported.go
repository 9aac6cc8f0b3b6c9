//go:build !(linux && (amd64 || arm64))

package gpu

import (
	"context"

	"github.com/lmz-go/lmz/exact"
)

// Model is a model of package exact whose sessions compute on a device: on Linux only.
type Model struct{ *exact.Model }

// Devices returns ErrNoDevice.
func Devices() ([]string, error) { return nil, ErrNoDevice }

// Open returns ErrNoDevice.
func Open(context.Context, *exact.Model, int) (*Model, error) { return nil, ErrNoDevice }

// Device is empty.
func (*Model) Device() string { return "" }
