package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/stream"
)

// modelFrom is the lowest preset that asks the model.
const modelFrom = 9

// usesModel says whether a preset asks the model where neither -m nor --no-model is given.
func usesModel(preset int) bool { return preset >= modelFrom }

// presets are the sizes that -1 … -9 bring with them, for --help: of the tables of codec/mix, and of chunks.
var presets = [...]struct{ memory, chunk int64 }{
	1: {8008768, 4 << 20},
	2: {13287488, 4 << 20},
	3: {24882240, 4 << 20},
	4: {45402176, 4 << 20},
	5: {65181760, 4 << 20},
	6: {107124800, 4 << 20},
	7: {174233664, 16 << 20},
	8: {326801472, 16 << 20},
	9: {358474240, 64 << 20},
}

// presetTable tells users what the presets mean.
func presetTable() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "  preset\tcodec\tmemory\tchunks")
	for n := 1; n < len(presets); n++ {
		codec, preset := "mix", fmt.Sprintf("-%d", n)
		if usesModel(n) {
			codec += " and the model"
		}
		if n == stream.DefaultLevel {
			preset += " (default)"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", preset, codec, formatBytes(presets[n].memory), formatBytes(presets[n].chunk))
	}
	t.Flush()
	return b.String()
}

// addPresets defines -1 … -9, the last of which leaves its number in chosen.
func addPresets(f *pflag.FlagSet, chosen *int) {
	for n := 1; n < len(presets); n++ {
		name := fmt.Sprint(n)
		flag := f.VarPF(presetFlag{n, chosen}, name, name, "preset: see above")
		flag.NoOptDefVal, flag.Hidden = "true", true
	}
}

// presetFlag is one of -1 … -9.
type presetFlag struct {
	number int
	chosen *int
}

func (p presetFlag) Type() string   { return "bool" }
func (p presetFlag) String() string { return "" }

func (p presetFlag) Set(value string) error {
	if value != "true" {
		return errors.New("a preset takes no value")
	}
	*p.chosen = p.number
	return nil
}
