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
		{"codec/mix", nil, []test{{"codec/mix", "Golden$"}, {"codec/mix", pins}, corners, {"codec/mix", "."}, levels}},
		{"codec", nil, []test{{"codec", "Golden|Format|Limits"}, corners, {"codec", "."}, levels}},
		{"kvcache", nil, []test{{"kvcache", "."}, corners, {"codec", "."}}},
		{"internal/preset", nil, []test{corners, {"codec", "."}, levels}},
		{"internal/gram", []string{"gram.go", "filter.go", "set.go"}, []test{{"internal/gram", "."}, corners, levels}},
		{"internal/format", nil, []test{{"internal/format", "."}, corners, levels}},
		{"stream", []string{"cut.go", "encode_task.go", "filter.go", "stream.go", "writer.go", "writer_options.go"}, []test{corners, levels}},
	}
)
