package main

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
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
	"github.com/lmz-go/lmz/internal/remote"
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
		objects, err = readInventory(ctx, inventory, base)
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

// openInput opens a file or an object to be read once.
func openInput(ctx context.Context, name string) (io.ReadCloser, error) {
	if !remote.IsURL(name) {
		return os.Open(remote.Path(name)) // which may be a pipe
	}
	return openObject(ctx, name)
}

func openObject(ctx context.Context, name string) (*object, error) {
	b, key, err := cloud.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	o, err := cloud.OpenObject(ctx, b, key)
	if err != nil {
		b.Close()
		return nil, err
	}
	return &object{o, b}, nil
}

// object is one of a bucket that it closes.
type object struct {
	*cloud.Object
	bucket cloud.Bucket
}

func (o *object) Close() error { return errors.Join(o.Object.Close(), o.bucket.Close()) }

func readAll(ctx context.Context, name string) ([]byte, error) {
	r, err := openInput(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// readInventory reads a list of objects in CSV, as S3 Inventory writes it: bucket, key (as in a
// URL), size, and, if there are more columns, time of the last change and ETag. It may be a .gz. Of
// objects that are not below the source it says how many there are.
func readInventory(ctx context.Context, name, prefix string) (objects []cloud.Info, err error) {
	f, err := openInput(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if key, _ := remote.CutQuery(name); strings.HasSuffix(key, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	rows := csv.NewReader(r)
	others := 0
	for {
		row, err := rows.Read()
		if err == io.EOF {
			if others > 0 {
				say("%s: %d of its objects are left out, whose keys do not begin with %s", name, others, prefix)
			}
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
		switch {
		case !strings.HasPrefix(key, prefix):
			others++
		case size > 0:
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

// items says which archives are made of the objects. What an archive in DEST seems to have becomes
// an item of that one, which will prove it. What is packed is named by its first member and a hash
// of all: the same objects are the same pack in another run, and others are never in its way.
func (o *options) items(objects []cloud.Info, base string, in *present) (all []*item, left int) {
	var open []*openPack // each in a folder above that of the next one: keys are in order
	found := map[string]*item{}
	for _, s := range objects {
		name := below(s.Key, base)
		if isCompressed(s.Key) {
			left++
			continue
		}
		it := &item{From: o.source, Sources: []cloud.Info{s}, Base: base, Level: o.levelOf(name), Policy: o.policy}
		if pack := in.pack(name, s); pack != "" {
			if f := found[pack]; f != nil {
				f.Sources = append(f.Sources, s)
				continue
			}
			it.Pack = true
			it.setName(o.dest, pack)
			found[pack] = it
			all = append(all, it)
			continue
		}
		if it.setName(o.dest, name+".lmz"); s.Size >= packBelow || !o.pack || !packable(name) || in.names[it.name] {
			it.Split = s.Size >= hugeSize
			all = append(all, it)
			continue
		}
		dir := path.Dir(name)
		for len(open) > 0 && !open[len(open)-1].holds(dir) {
			open = open[:len(open)-1]
		}
		if n := len(open); n > 0 && open[n-1].folder == dir {
			if p := open[n-1]; p.size+s.Size <= packSize {
				p.Pack = true
				p.Sources = append(p.Sources, s)
				p.size += s.Size
				continue
			}
			open = open[:n-1]
		}
		open = append(open, &openPack{it, dir, s.Size})
		all = append(all, it)
	}
	for _, it := range all {
		if it.Pack && found[it.name] != it {
			it.setName(o.dest, below(it.Sources[0].Key, base)+packMark+"-"+versionsOf(it.Sources)+packSuffix)
		}
	}
	return all, left
}

// openPack is an archive that files of a folder may be added to. One of one file is no pack.
type openPack struct {
	*item
	folder string
	size   int64 // bytes in it
}

// holds says whether a folder is that of the pack, or below it.
func (p *openPack) holds(dir string) bool {
	return p.folder == "." || dir == p.folder || strings.HasPrefix(dir, p.folder+"/")
}

// What the names of packs have behind that of their first member.
const (
	packMark   = ".and-others"
	packSuffix = ".tar.lmz"
)

// versionsOf names versions of objects.
func versionsOf(sources []cloud.Info) string {
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s\x00%d\x00%s\x00", s.Key, s.Size, s.Version)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// packable says whether a pack may have a file of this name: none that leads elsewhere when it is
// unpacked, which may be where another one is, and not that of its own list.
func packable(name string) bool { return path.Clean("/"+name) == "/"+name && name != members.ListName }

func (it *item) setName(dest, name string) { it.name, it.To = name, cloud.Join(dest, name) }
