package main

import (
	"bytes"
	"testing"

	"github.com/lmz-go/lmz/codec/mix"
	"github.com/lmz-go/lmz/stream"
)

// What --help says about presets is so.
func TestPresets(t *testing.T) {
	for level := 1; level < len(presets); level++ {
		coder, err := mix.New(level)
		if err != nil {
			t.Fatal(err)
		}
		if got := int64(coder.Memory()); got != presets[level].memory {
			t.Errorf("-%d takes %d bytes, the table says %d", level, got, presets[level].memory)
		}
		var archive bytes.Buffer
		w, err := stream.NewWriter(&archive, nil, stream.WithLevel(level), stream.WithPrimer(0))
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		frames, err := stream.ReadIndex(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if got := int64(frames[0].Header.ChunkSize); got != presets[level].chunk {
			t.Errorf("-%d has chunks of %d bytes, the table says %d", level, got, presets[level].chunk)
		}
	}
	if _, err := mix.New(len(presets)); err == nil {
		t.Errorf("there is a level %d, which no preset has", len(presets))
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
