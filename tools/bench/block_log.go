package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// blockLog makes n bytes of a log as the nodes of a file system of blocks write it, and the ids of
// some of its blocks, which have 18 or 19 digits. Each block is in some 17 lines, near each other.
func blockLog(n int, seed uint64) (log []byte, ids []string) {
	r := rand.New(rand.NewPCG(seed, 17))
	var nodes []string
	for range 200 {
		nodes = append(nodes, fmt.Sprintf("10.%d.%d.%d", 60+r.IntN(2), r.IntN(16), 1+r.IntN(200)))
	}
	type block struct {
		id    string
		nodes [3]string // that have it
		size  int
		left  int // lines
	}
	var open []block
	var b bytes.Buffer
	b.Grow(n + 200)
	for second := 0; b.Len() < n; second++ {
		stamp := fmt.Sprintf("31%02d%02d %02d%02d%02d", 1+second/86400/28%12, 1+second/86400%28, second/3600%24, second/60%60, second%60)
		for range 10 + r.IntN(40) {
			if len(open) < 400 {
				id := int64(r.Uint64())
				n := r.IntN(len(nodes))
				made := block{fmt.Sprintf("blk_%d", id), [3]string{nodes[n], nodes[(n+7)%200], nodes[r.IntN(200)]}, 64 << 20, 12 + r.IntN(11)}
				if r.IntN(4) == 0 {
					made.size = r.IntN(64 << 20)
				}
				open = append(open, made)
				if len(ids) < 1000 || r.IntN(1000) == 0 {
					ids = append(ids, open[len(open)-1].id)
				}
			}
			i := r.IntN(len(open))
			at := &open[i]
			node := at.nodes[r.IntN(3)]
			switch thread := r.IntN(300); r.IntN(5) {
			case 0:
				fmt.Fprintf(&b, "%s %d INFO node.Receiver: Taking part %s from: /%s:%d to: /%s:50020\n", stamp, thread, at.id, node, 40_000+r.IntN(20_000), node)
			case 1:
				fmt.Fprintf(&b, "%s %d INFO node.Answer: %d for part %s is done\n", stamp, thread, r.IntN(3), at.id)
			case 2:
				fmt.Fprintf(&b, "%s %d INFO name.Table: STORE* addStored: %s is on %s:50020, size %d\n", stamp, thread, at.id, node, at.size)
			case 3:
				fmt.Fprintf(&b, "%s %d INFO node.Receiver: Took part %s of size %d from /%s\n", stamp, thread, at.id, at.size, node)
			case 4:
				fmt.Fprintf(&b, "%s %d INFO name.Table: STORE* delete: %s goes to the list of %s:50020\n", stamp, thread, at.id, node)
			}
			if at.left--; at.left == 0 {
				open[i] = open[len(open)-1]
				open = open[:len(open)-1]
			}
		}
	}
	return b.Bytes()[:n], ids
}
