package mix

// golden holds the hashes that TestGolden compares with, by level.
var golden = map[int]string{
	1: "fd0ac7c1dc269d70c7a1bc3680975e0c",
	3: "9ea7aeeb7c22dcecd91042fed2a86dda",
	6: "9477670c70ba1043e51c2264d54fa5d8",
	9: "f9ffbacca1a7a2f3064da83f26015e5e",
}
