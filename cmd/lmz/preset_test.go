package main

import (
	"math"
	"testing"

	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/internal/preset"
)

// What --help says about presets is so.
func TestPresetMemory(t *testing.T) {
	for level := 0; level <= preset.Max; level++ {
		got, said := float64(mix.Memory(level, 1<<30, true))/(1<<20), float64(preset.Level(level).Memory>>20)
		if math.Abs(got-said) > max(0.5, said/20) { // it says whole MiB
			t.Errorf("-%d takes %.1f MiB, the table says %.0f", level, got, said)
		}
	}
	if mix.Memory(preset.Max+1, 1<<30, true) > 0 {
		t.Errorf("there is a level %d, which no preset has", preset.Max+1)
	}
}

func TestAsksModel(t *testing.T) {
	for _, c := range []struct {
		encoding
		model string
		want  bool
	}{
		{encoding{method: "mix"}, "", usesModel(preset.Default)},
		{encoding{method: "mix", preset: new(3)}, "", false},
		{encoding{method: "mix", preset: new(4)}, "", true},
		{encoding{method: "mix", preset: new(4), noModel: true}, "", false},
		{encoding{method: "mix", preset: new(1)}, "embedded", true},
		{encoding{method: "lm"}, "", true},
		{encoding{method: "zstd"}, "", false},
		{encoding{method: "raw"}, "", false},
	} {
		if got := c.asksModel(c.model); got != c.want {
			t.Errorf("%s, preset -%d, model %q, --no-model %v: %v", c.method, c.level(), c.model, c.noModel, got)
		}
	}
}
