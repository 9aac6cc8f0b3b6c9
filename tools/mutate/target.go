package main

// target is a package that bears on the bytes of archives.
type target struct {
	dir   string   // from the root of the tree
	files []string // nil: all
	tests []test   // that must notice changes, the quick ones first
}

// test is the tests of a package.
type test struct {
	dir string
	run string // regular expression
}

// The names of tests that hold the format.
const pins = "Golden|Pins|Format|Limits"

var (
	corners = test{"stream", "Golden$|Format|Limits"}
	levels  = test{"stream", "GoldenLevels"}
	targets = []*target{
		{"internal/mix", nil, []test{{"internal/mix", "Golden$"}, {"internal/mix", pins}, corners, {"internal/mix", "."}, levels}},
		{"internal/bwt", nil, []test{{"internal/bwt", pins}, {"internal/bwt", "."}}},
		{"internal/coder", nil, []test{{"internal/coder", "Golden|Format|Limits"}, {"internal/coder", "Pins|CDF|Rank|Huffman"}, corners, {"internal/coder", "."}, levels}},
		{"exact", []string{"attention.go", "forward.go", "load.go", "matrix.go", "scale.go", "table.go", "tokens.go", "vector.go"},
			[]test{{"exact", "GoldenLogits"}, {"exact", "."}}},
		{"kvcache", nil, []test{{"kvcache", "."}, corners, {"internal/coder", "."}}},
		{"internal/cover", nil, []test{{"internal/cover", pins}, {"internal/cover", "."}, corners}},
		{"internal/preset", nil, []test{{"internal/preset", pins}, corners, {"internal/coder", "."}, levels}},
		{"internal/gram", []string{"gram.go", "filter.go", "ribbon.go", "set.go"}, []test{{"internal/gram", "."}, corners, levels}},
		{"internal/format", nil, []test{{"internal/format", "."}, corners, levels}},
		{"internal/merkle", nil, []test{{"internal/merkle", "."}, {"stream", "LineHashes"}}},
		{"internal/bpe", []string{"character.go", "class.go", "merge.go", "split.go"}, []test{{"internal/bpe", "Classes|Encode|Contractions"}, {"internal/bpe", "."}}},
		{"stream", []string{"cut.go", "encode_task.go", "filter.go", "line_hashes.go", "stream.go", "writer.go", "writer_options.go"}, []test{corners, levels}},
	}
)
