package main

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/lmz-go/lmz/cloud"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/members"
	"github.com/lmz-go/lmz/stream"
)

// present is what is in DEST.
type present struct {
	names   map[string]bool     // below DEST
	members map[string][]member // by name, of packs that were looked into
}

// member is a file of a pack.
type member struct {
	members.Member
	pack string
}

// present lists DEST.
func (o *options) present(ctx context.Context) (*present, error) {
	in := &present{map[string]bool{}, map[string][]member{}}
	if o.dest == "" {
		return in, nil
	}
	b, base, err := cloud.Open(ctx, o.dest)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if remote.IsURL(o.dest) && base != "" && !strings.HasSuffix(base, "/") {
		base += "/" // else there is also what only begins like it
	}
	for info, err := range b.List(ctx, base) {
		if errors.Is(err, fs.ErrNotExist) && !remote.IsURL(o.dest) { // else it is the bucket
			break
		}
		if err != nil {
			return nil, err
		}
		in.names[below(info.Key, base)] = true
	}
	return in, nil
}

// lookInto reads the lists of members of packs in the folders of these objects, but for those that
// the job knows.
func (in *present) lookInto(ctx context.Context, o *options, objects []cloud.Info, base string, known map[string]bool) error {
	folders := map[string]bool{}
	for _, s := range objects {
		if s.Size < packBelow {
			folders[path.Dir(below(s.Key, base))] = true
		}
	}
	for name := range in.names {
		if !strings.HasSuffix(name, packSuffix) || !strings.Contains(path.Base(name), packMark) || !folders[path.Dir(name)] {
			continue
		}
		to := cloud.Join(o.dest, name)
		if known[to] {
			continue
		}
		list, err := membersOf(ctx, to)
		if err != nil {
			return err
		}
		for _, m := range list {
			in.members[m.Name] = append(in.members[m.Name], member{m, name})
		}
	}
	for _, of := range in.members { // in any order so far
		slices.SortFunc(of, func(a, b member) int { return strings.Compare(a.pack, b.pack) })
	}
	return nil
}

// membersOf gives the members of a pack: none if it is something else, damaged, or gone, which it
// may be at any time.
func membersOf(ctx context.Context, name string) ([]members.Member, error) {
	list, err := listOf(ctx, name)
	for _, is := range []error{fs.ErrNotExist, cloud.ErrChanged, stream.ErrNotArchive, stream.ErrCorrupt, members.ErrNoList} {
		if errors.Is(err, is) {
			return nil, nil
		}
	}
	return list, err
}

func listOf(ctx context.Context, name string) ([]members.Member, error) {
	o, err := openObject(ctx, name)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	a, err := stream.Open(o, o.Size(), nil)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return members.List(a)
}

// pack gives the name of a pack that has a file of this name, size and time, or nothing.
func (in *present) pack(name string, s cloud.Info) string {
	for _, m := range in.members[name] {
		if m.Size == s.Size && m.Modified.Unix() == s.ModTime.Unix() {
			return m.pack
		}
	}
	return ""
}

// history is what a job knows of a SOURCE and a DEST.
type history struct {
	archives map[string]bool // URLs or names
	over     map[string]bool // workflows that failed and cannot succeed: a source is no longer what it was
	open     int             // archives that wait, or are being made
	other    int             // sources that were archived, and had nothing done to them that now would be
}

// history takes away from objects, which are in the order of keys, the versions that have archives,
// or will. What is over leaves its sources to others.
func (e *engine) history(o *options, objects []cloud.Info) (h history, left []cloud.Info, err error) {
	h = history{archives: map[string]bool{}, over: map[string]bool{}}
	known := make([]bool, len(objects))
	dest, query := remote.CutQuery(o.dest)
	dest = strings.TrimSuffix(dest, "/") + "/"
	for w, err := range each(e, workflow, o.name, dbos.WithFilterLoadOutput(false)) {
		if err != nil {
			return h, nil, err
		}
		it, err := as[item](w.Input)
		if err != nil {
			return h, nil, err
		}
		if to, q := remote.CutQuery(it.To); it.From != o.source || q != query || !strings.HasPrefix(to, dest) {
			continue
		}
		var places []int
		for _, s := range it.Sources {
			i, ok := slices.BinarySearchFunc(objects, s.Key, func(a cloud.Info, key string) int { return strings.Compare(a.Key, key) })
			if ok && objects[i].Version == s.Version && objects[i].Size == s.Size &&
				(it.Policy != remove || w.Status != dbos.WorkflowStatusSuccess || objects[i].ModTime.Unix() == s.ModTime.Unix()) {
				places = append(places, i) // else it was deleted, and is there again, with the same ETag
			}
		}
		if hasFailed(w.Status) && len(places) < len(it.Sources) {
			h.over[w.ID] = true
			continue
		}
		h.archives[it.To] = true
		switch {
		case w.Status == dbos.WorkflowStatusSuccess && it.Policy == keep && o.policy != keep:
			h.other += len(places)
		case w.Status != dbos.WorkflowStatusSuccess && !hasFailed(w.Status):
			h.open++
		}
		for _, i := range places {
			known[i] = true
		}
	}
	for i, s := range objects {
		if !known[i] {
			left = append(left, s)
		}
	}
	return h, left, nil
}

// hasFailed says whether nothing more is done of a workflow that did not succeed.
func hasFailed(s dbos.WorkflowStatusType) bool {
	var p progress
	p.add(s)
	return p.Failed+p.Cancelled > 0
}
