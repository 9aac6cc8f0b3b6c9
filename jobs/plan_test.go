//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/cloud"
)

// TestSamples checks that samples stand for all bytes, and for no more of an unlike neighbour than
// they must.
func TestSamples(t *testing.T) {
	ctx := context.Background()
	for name, sizes := range map[string][]int64{
		"two":         {12 << 10, 8 << 10},
		"one of many": append(slices.Repeat([]int64{100}, 300), 40<<10),
		"growing":     {1, 10, 100, 1000, 10_000, 20_000, 50_000},
		"small":       {300, 20, 500},
	} {
		dir := t.TempDir()
		k := &kind{Bytes: 0}
		for i, size := range sizes {
			file := filepath.Join(dir, fmt.Sprintf("%03d.log", i))
			if err := os.WriteFile(file, bytes.Repeat([]byte{'a' + byte(i%26)}, int(size)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		objects, _, err := list(ctx, dir, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range objects {
			k.all = append(k.all, &item{From: dir, Sources: []cloud.Info{s}})
			k.Bytes += s.Size
		}
		b, _, err := cloud.Open(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		all, err := k.samples(ctx, b, 1<<10)
		if err != nil {
			t.Fatal(err)
		}
		sum, of := 0.0, map[float64]float64{}
		for _, s := range all {
			sum += s.weight
			of[s.of] += s.weight
		}
		if off := sum - float64(k.Bytes); off < -1 || off > 1 {
			t.Errorf("%s: samples stand for %.0f of %d bytes", name, sum, k.Bytes)
		}
		if name == "two" && (of[12<<10] != 12<<10 || of[8<<10] != 8<<10) {
			t.Errorf("%s: %v", name, of)
		}
		if large := of[40<<10]; name == "one of many" && (large < 40<<10 || large > 45<<10) {
			t.Errorf("%s: samples of %d bytes stand for %.0f", name, 40<<10, large)
		}
	}
}

// TestPlan compares what a plan says with what comes out, and takes its level for a run: of files
// that are all taken as samples, of many small ones in packs, and of a large one that is like
// another log behind its beginning.
func TestPlan(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(5, 5))
	plain := bytes.Repeat([]byte("nothing happened, as often before, on this quiet day\n"), 4000)
	for name, tt := range map[string]struct {
		make   func(dir string)
		kinds  int
		sample int64
		within float64
	}{
		"all": {func(dir string) { makeTree(t, dir, 5, 12) }, 3, 1 << 20, .001},
		"packed": {func(dir string) {
			for i := range 800 {
				os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.log", i)), text(r, 500), 0o600)
			}
		}, 1, 96 << 10, .1},
		"large": {func(dir string) {
			os.WriteFile(filepath.Join(dir, "a.log"), append(plain[:len(plain):len(plain)], text(r, 300<<10)...), 0o600)
		}, 1, 64 << 10, .1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tt.make(dir)
			o := &options{source: dir, dest: filepath.Join(t.TempDir(), "out"), level: 2, policy: keep, pack: true}
			plan := func() *plan {
				p, err := o.makePlan(ctx, []int{1}, assumptions{CoreHour: 0.02, TBMonth: 23, Cores: 2, Months: 36, Sample: tt.sample})
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			p := plan()
			o.levels = map[string]int{}
			planned, bytes := int64(0), int64(0)
			for _, k := range p.Kinds {
				o.levels[k.Kind] = *k.Level
				planned += k.Levels[0].ArchiveBytes
				bytes += k.Bytes
			}
			objects, base, err := list(ctx, dir, "")
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Kinds) != tt.kinds || p.Objects != len(objects) || bytes != p.Bytes || p.Present != 0 {
				t.Errorf("%d kinds, %d objects, %d and %d bytes, %d archives", len(p.Kinds), p.Objects, bytes, p.Bytes, p.Present)
			}
			all, _ := o.items(objects, base, &present{})
			made := int64(0)
			for _, it := range all {
				if it.Level != 1 {
					t.Errorf("%s: level %d, want that of the plan", it.To, it.Level)
				}
				r, err := it.archive(ctx, "w")
				if err != nil {
					t.Fatal(err)
				}
				made += r.ArchiveBytes
			}
			if off := float64(planned)/float64(made) - 1; off < -tt.within || off > tt.within {
				t.Errorf("%d bytes planned, %d made", planned, made)
			}
			if p := plan(); p.Present != len(all) || p.Objects != 0 {
				t.Errorf("%d archives and %d objects when all is done, want %d and none", p.Present, p.Objects, len(all))
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]string{
		"a.log": "./*.log", "web/x/a.log.12": "web/*.log", "web/a.log.2026-11-26": "web/*.log", "db/wal": "db/*", "db/core.7": "db/*",
	} {
		if got := kindOf(name); got != want {
			t.Errorf("%s is of kind %s, want %s", name, got, want)
		}
	}
}

// TestInventory takes a list in CSV for the objects, whose keys are written as in URLs.
func TestInventory(t *testing.T) {
	name := filepath.Join(t.TempDir(), "inventory.csv")
	text := "\"b\",\"logs/a%20b.log\",\"120\",\"2026-11-26T10:00:00.000Z\",\"0123abc\"\n\"b\",\"other/c.log\",\"5\",\"\",\"\"\n\"b\",\"logs/d.log\",\"7\",\"\",\"\"\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readInventory(context.Background(), name, "logs/")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Key != "logs/a b.log" || got[0].Size != 120 || got[0].Version != "0123abc" || got[0].ModTime.IsZero() || got[1].Version != "" {
		t.Errorf("%+v", got)
	}
	for _, wrong := range []string{"b,k\n", "b,k,many\n", "b,%zz,1\n"} {
		if err := os.WriteFile(name, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readInventory(context.Background(), name, ""); err == nil {
			t.Errorf("%q is taken for an inventory", wrong)
		}
	}
}
