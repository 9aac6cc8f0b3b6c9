package main

import (
	"testing"

	"github.com/lmz-go/lmz/codec/mix"
	"github.com/lmz-go/lmz/stream"
)

// What --help says about presets is so.
func TestPresetMemory(t *testing.T) {
	for level := 1; level <= presets; level++ {
		got, said := float64(mix.Memory(level, 1<<30, true))/(1<<20), float64(stream.LevelMemory(level)>>20)
		if got < said*0.95 || got > said*1.05 {
			t.Errorf("-%d takes %.1f MiB, the table says %.0f", level, got, said)
		}
	}
	if mix.Memory(presets+1, 1<<30, true) > 0 {
		t.Errorf("there is a level %d, which no preset has", presets+1)
	}
}

func TestAsksModel(t *testing.T) {
	for _, c := range []struct {
		options
		want bool
	}{
		{options{method: "mix"}, usesModel(stream.DefaultLevel)},
		{options{method: "mix", preset: modelFrom - 1}, false},
		{options{method: "mix", preset: modelFrom}, true},
		{options{method: "mix", preset: modelFrom, noModel: true}, false},
		{options{method: "mix", preset: 1, model: "embedded"}, true},
		{options{method: "lm"}, true},
		{options{method: "zstd"}, false},
		{options{method: "raw"}, false},
	} {
		a := &app{options: c.options}
		if got := a.asksModel(); got != c.want {
			t.Errorf("%s, preset %d, model %q, --no-model %v: %v", c.method, c.preset, c.model, c.noModel, got)
		}
	}
}
