package main

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/lmz-go/lmz/cloud"
)

// TestEach goes through archives page by page, many of which are of one millisecond.
func TestEach(t *testing.T) {
	e, err := openEngine(context.Background(), filepath.Join(t.TempDir(), "jobs.db"), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	var all []*item
	for i := range 40 {
		all = append(all, &item{From: "/in", To: fmt.Sprintf("/out/%02d.lmz", i), Sources: []cloud.Info{{Key: "x", Size: 1}}})
	}
	for _, job := range []string{"a", "b"} {
		if err := e.enqueue(job, all); err != nil {
			t.Fatal(err)
		}
	}
	defer func(size int) { pageSize = size }(pageSize)
	for _, pageSize = range []int{1, 2, 7, 39, 40, 41, 100} {
		seen := map[string]bool{}
		for w, err := range each(e, workflow, "b", dbos.WithFilterLoadOutput(false)) {
			it, failed := as[item](w.Input)
			if err != nil || failed != nil || w.ID != it.id("b") || seen[it.To] {
				t.Fatalf("pages of %d: %s, %s, %v, %v", pageSize, w.ID, it.To, err, failed)
			}
			seen[it.To] = true
		}
		if len(seen) != len(all) {
			t.Errorf("pages of %d: %d archives, want %d", pageSize, len(seen), len(all))
		}
		for range each(e, workflow, "") {
			break
		}
	}
}
