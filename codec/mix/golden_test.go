package mix

// golden holds the hashes that TestGolden compares with, by level.
var golden = map[int]string{
	1: "fd0ac7c1dc269d70c7a1bc3680975e0c",
	3: "9ea7aeeb7c22dcecd91042fed2a86dda",
	6: "85973c907ed2d65d24a7d9c715daf8ff",
	9: "231a6d430eecdb5c314f6b8b7f4c1b49",
}
