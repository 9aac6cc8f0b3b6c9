package main

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/members"
)

// item is what one archive is made of.
type item struct {
	From    string       `json:"from"` // URL or folder of the sources
	To      string       `json:"to"`   // URL or name of the archive
	Sources []cloud.Info `json:"sources"`
	Pack    bool         `json:"pack,omitempty"`  // a tar of the sources, else there is one
	Split   bool         `json:"split,omitempty"` // it is huge, and made of frames
	Frame   *frame       `json:"frame,omitempty"` // this is one of these
	Base    string       `json:"base,omitempty"`  // what names in the tar leave out of keys
	Level   int          `json:"level"`
	Policy  string       `json:"policy"` // keep, tag or delete

	name string // of the archive below DEST
}

// size is how many bytes are compressed, without what a tar has around them.
func (it *item) size() (n int64) {
	if it.Frame != nil {
		return it.Frame.Size
	}
	for _, s := range it.Sources {
		n += s.Size
	}
	return n
}

// compressed are the suffixes of what would not get smaller.
var compressed = []string{".lmz", ".gz", ".tgz", ".zst", ".xz", ".bz2", ".lz4", ".br", ".zip", ".7z", ".parquet", ".orc"}

// isCompressed says whether a key is left alone.
func isCompressed(key string) bool {
	return slices.ContainsFunc(compressed, func(s string) bool { return strings.HasSuffix(strings.ToLower(key), s) })
}

// list gives the objects below a source, or those of an inventory of it, in the order of keys, and
// what their keys begin with.
func list(ctx context.Context, source, inventory string) (objects []cloud.Info, base string, err error) {
	b, base, err := cloud.Open(ctx, source)
	if err != nil {
		return nil, "", err
	}
	defer b.Close()
	if inventory != "" {
		objects, err = readInventory(inventory, base)
	} else {
		for info, failed := range b.List(ctx, base) {
			if failed != nil {
				return nil, "", failed
			}
			objects = append(objects, info)
		}
	}
	slices.SortFunc(objects, func(a, b cloud.Info) int { return strings.Compare(a.Key, b.Key) })
	return objects, base, err
}

// readInventory reads a list of objects in CSV, as S3 Inventory writes it: bucket, key (as in a
// URL), size, and, if there are more columns, time of the last change and ETag. It may be a .gz.
func readInventory(name, prefix string) (objects []cloud.Info, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	rows := csv.NewReader(r)
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := rows.FieldPos(0)
		if len(row) < 3 {
			return nil, fmt.Errorf("%s, line %d: %d columns, want bucket, key and size at least", name, line, len(row))
		}
		key, err := url.QueryUnescape(row[1])
		size, failed := strconv.ParseInt(row[2], 10, 64)
		if err = errors.Join(err, failed); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, line, err)
		}
		info := cloud.Info{Key: key, Size: size}
		if len(row) > 3 {
			info.ModTime, _ = time.Parse(time.RFC3339, row[3])
		}
		if len(row) > 4 {
			info.Version = strings.Trim(row[4], `"`)
		}
		if strings.HasPrefix(key, prefix) && size > 0 {
			objects = append(objects, info)
		}
	}
}

// below gives what a key has behind the base.
func below(key, base string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(key, base), "/")
	if rest == "" { // the source is one object
		rest = path.Base(filepath.ToSlash(key))
	}
	return rest
}

// Bytes. Objects below packBelow share an archive with others of their folder, of up to packSize.
const (
	packBelow = 128 << 10
	packSize  = 64 << 20
)

// items says which archives are made of the objects.
func (o *options) items(objects []cloud.Info, base string) (all []*item, left int) {
	var (
		pack   *item
		folder string // of what is in the pack
		packed int64  // bytes in it
	)
	for _, s := range objects {
		name := below(s.Key, base)
		if isCompressed(s.Key) {
			left++
			continue
		}
		it := &item{From: o.source, Sources: []cloud.Info{s}, Base: base, Level: o.levelOf(name), Policy: o.policy}
		if s.Size >= packBelow || !o.pack || !packable(name) {
			it.setName(o.dest, name+".lmz")
			it.Split = s.Size >= hugeSize
			all = append(all, it)
			continue
		}
		dir := path.Dir(name)
		if pack == nil || folder != dir || packed+s.Size > packSize {
			folder, packed = dir, s.Size
			pack = it
			pack.Pack = true
			all = append(all, pack)
			// Named by the first, so that another run makes the same packs of the same objects.
			pack.setName(o.dest, name+".and-others.tar.lmz")
			continue
		}
		pack.Sources = append(pack.Sources, s)
		packed += s.Size
	}
	return all, left
}

// packable says whether a pack may have a file of this name: none that leads elsewhere when it is
// unpacked, which may be where another one is, and not that of its own list.
func packable(name string) bool { return path.Clean("/"+name) == "/"+name && name != members.ListName }

func (it *item) setName(dest, name string) { it.name, it.To = name, cloud.Join(dest, name) }
