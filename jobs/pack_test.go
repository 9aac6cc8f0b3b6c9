package main

import (
	"archive/tar"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/cloud"
)

// TestItems packs the small objects of a folder, up to packSize, and no others.
func TestItems(t *testing.T) {
	var objects []cloud.Info
	for i := range 700 {
		objects = append(objects, cloud.Info{Key: fmt.Sprintf("in/a/%03d.log", i), Size: 100 << 10})
	}
	objects = append(objects, cloud.Info{Key: "in/a/large.log", Size: packBelow}, cloud.Info{Key: "in/a/last.log", Size: 1},
		cloud.Info{Key: "in/b/c.log", Size: 1}, cloud.Info{Key: "in/b/d.gz", Size: 1})
	o := &options{dest: "out", level: 1, pack: true}
	all, left := o.items(objects, "in")
	var got []string
	for _, it := range all {
		got = append(got, fmt.Sprint(it.To, " ", len(it.Sources)))
	}
	want := []string{"out/a/000.log.and-others.tar.lmz 655", "out/a/655.log.and-others.tar.lmz 46", "out/a/large.log.lmz 1", "out/b/c.log.and-others.tar.lmz 1"}
	if !slices.Equal(got, want) || left != 1 {
		t.Errorf("%q and %d left, want %q", got, left, want)
	}
}

// untar puts the files of an archive's content into files.
func untar(z io.Reader, r *record, files map[string][]byte) error {
	if !strings.Contains(r.Archive, ".tar.lmz") {
		content, err := io.ReadAll(z)
		s := r.Sources[0].Key
		files[filepath.Base(filepath.Dir(s))+"/"+filepath.Base(s)] = content
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		files[h.Name] = content
	}
}
