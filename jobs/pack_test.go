package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/members"
	"github.com/lmz-go/lmz/stream"
)

// TestItems packs the small objects of a folder, up to packSize, and no others.
func TestItems(t *testing.T) {
	var objects []cloud.Info
	for i := range 700 {
		objects = append(objects, cloud.Info{Key: fmt.Sprintf("in/a/%03d.log", i), Size: 100 << 10})
	}
	objects = append(objects, cloud.Info{Key: "in/a/large.log", Size: packBelow}, cloud.Info{Key: "in/a/last.log", Size: 1},
		cloud.Info{Key: "in/b/c.log", Size: 1}, cloud.Info{Key: "in/b/d.gz", Size: 1})
	// What sorts between the files of a folder does not part them.
	for _, key := range []string{"in/c/a.log", "in/c/b/x.log", "in/c/b/y.log", "in/c/b.log", "in/c/c.log", "in/c/d/only.log", "in/z.log"} {
		objects = append(objects, cloud.Info{Key: key, Size: 1})
	}
	objects = append([]cloud.Info{{Key: "in/0.log", Size: 1}}, objects...)
	slices.SortFunc(objects, func(a, b cloud.Info) int { return strings.Compare(a.Key, b.Key) })
	o := &options{dest: "out", level: 1, pack: true}
	all, left := o.items(objects, "in", &present{})
	var got []string
	for _, it := range all {
		got = append(got, fmt.Sprint(it.To, " ", len(it.Sources)))
	}
	want := []string{
		"out/0.log.and-others-# 2", "out/a/000.log.and-others-# 655", "out/a/655.log.and-others-# 46", "out/a/large.log.lmz 1", "out/b/c.log.lmz 1",
		"out/c/a.log.and-others-# 3", "out/c/b/x.log.and-others-# 2", "out/c/d/only.log.lmz 1",
	}
	for i := range got {
		got[i] = regexp.MustCompile(`-[0-9a-f]{12}\.tar\.lmz`).ReplaceAllString(got[i], "-#")
	}
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
		switch {
		case h.Name == ".lmz-members":
		case h.Typeflag == tar.TypeLink:
			files[h.Name] = files[h.Linkname]
		default:
			files[h.Name] = content
		}
	}
}

// TestPack reads the files of a pack one by one, and leaves out of packs what they could not keep
// apart.
func TestPack(t *testing.T) {
	ctx := context.Background()
	want := map[string]string{"a.log": "one\n", "b.log": "two\n", "copy.log": "one\n", "empty.log": "", "sub/.lmz-members": "mine", "sub/d.log": ""}
	alone := map[string]string{".lmz-members": "of another archive", "sub//.lmz-members": "other", "sub/./c": "c"}
	b, _, err := cloud.Open(ctx, "mem://packs/")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, files := range []map[string]string{want, alone} {
		for name, content := range files {
			u, err := b.Create(ctx, "in/"+name, false, 0)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(u, content)
			if _, err := u.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	objects, base, err := list(ctx, "mem://packs/in", "")
	if err != nil {
		t.Fatal(err)
	}
	o := &options{source: "mem://packs/in", dest: t.TempDir(), level: 1, policy: keep, pack: true}
	all, _ := o.items(objects, base, &present{})
	got := map[string]string{}
	for _, it := range all {
		if !it.Pack {
			if name := below(it.Sources[0].Key, base); alone[name] == "" {
				t.Errorf("%s is not in a pack", name)
			}
			continue
		}
		r, err := it.archive(ctx, "w")
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(it.To)
		if err != nil {
			t.Fatal(err)
		}
		a, err := stream.Open(bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		list, err := members.List(a)
		if err != nil || len(list) != len(it.Sources) {
			t.Fatalf("%s: %d members of %d, %v", it.To, len(list), len(it.Sources), err)
		}
		for i, m := range list {
			content := make([]byte, m.Size)
			if _, err := a.ReadAt(content, m.Offset); err != nil {
				t.Fatal(err)
			}
			got[m.Name] = string(content)
			if is := fmt.Sprintf("%x", sha256.Sum256(content)); m.Name != below(it.Sources[i].Key, base) || is != r.SourceSHA256[i] {
				t.Errorf("%s: %s, want the content of %s", m.Name, is, it.Sources[i].Key)
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
