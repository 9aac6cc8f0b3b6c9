package main

import (
	"context"
	"testing"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
)

// The command's archives are those that the library writes: counting does not change the form of
// the logits, and so no bit.
func TestMeteredModelComputesTheSame(t *testing.T) {
	ctx := context.Background()
	store := models.NewStore(models.Options{Embedded: embedded.Models()})
	defer store.Close()
	m, err := store.Open(ctx, models.EmbeddedName, "")
	if err != nil {
		t.Fatal(err)
	}
	var n meter
	metered := meteredModel{m, func() *meter { return &n }}
	want, err := coder.Probe(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := coder.Probe(ctx, metered); got != want || err != nil {
		t.Errorf("probe %x, %v, want that of the model itself, %x", got, err, want)
	}
	if n.modeled.Load() == 0 {
		t.Error("nothing was counted")
	}
}
