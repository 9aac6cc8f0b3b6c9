package mix

// golden holds the hashes that TestGolden compares with, by level.
var golden = map[int]string{
	1: "784fa49f2ee39cde13f6e80436577da4",
	3: "101e8770ae7e9f2d84a4fafe9cb4cfec",
	6: "9477670c70ba1043e51c2264d54fa5d8",
	9: "f9ffbacca1a7a2f3064da83f26015e5e",
}
