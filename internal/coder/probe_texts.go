package coder

// probeTexts are what models are used for: logs of several kinds and prose. The first ones are long
// enough for probeLong tokens. Each byte bears on the probes that archives hold.
var probeTexts = []string{
	"Mar  7 02:14:09 harbour-3 sshd[20417]: Accepted publickey for deploy from 10.42.7.19 port 51822 ssh2: ED25519\n" +
		"Mar  7 02:14:09 harbour-3 systemd-logind[811]: New session 6093 of user deploy.\n" +
		"Mar  7 02:14:11 harbour-3 kernel: [814213.550127] eth0: link is up, 1000 Mbps, full duplex\n" +
		"Mar  7 02:14:12 harbour-3 CRON[20451]: (root) CMD (test -x /usr/sbin/rotate && /usr/sbin/rotate --quiet)\n" +
		"Mar  7 02:14:40 harbour-3 sshd[20417]: Disconnected from user deploy 10.42.7.19 port 51822\n",

	"The old lighthouse had been dark for nine winters when the keeper's daughter came back to the island. She brought a lamp, two " +
		"books and a letter that nobody had answered, and she did not say how long she would stay. In the evening the fishermen saw a " +
		"light above the rocks, and for a while none of them spoke. It was not as bright as it had been, they agreed, but it turned; " +
		"and whatever turned at the edge of the sea was worth a candle and a good word from those who had to pass it in the night.\n",

	"2031-08-19T06:55:01.204Z INFO  [worker-12] billing.invoice - created invoice id=880213 customer=4471 total=129.90 EUR in 38 ms\n" +
		"2031-08-19T06:55:01.951Z WARN  [worker-12] billing.retry - attempt 2 of 5 failed: connection reset by peer\n",

	"192.0.2.77 - - [04/Oct/2030:13:01:59 +0200] \"GET /static/css/main.7f3a.css HTTP/1.1\" 304 0 \"https://shop.example/cart\" \"Mozilla/5.0\"\n",

	"{\"time\":\"2029-12-31T23:59:58Z\",\"level\":\"error\",\"msg\":\"queue is full\",\"shard\":17,\"depth\":65536,\"trace\":\"c0ffee51-09\"}\n",

	"ERROR 4021 --- [nio-8080-exec-7] o.a.c.core.Dispatcher : request failed\n" +
		"java.lang.IllegalStateException: no stock for item 99182\n\tat shop.order.Basket.reserve(Basket.java:214)\n",

	"node=a17 job=render/frame_00931 state=RUNNING cpu=93.4% mem=7.81GiB temp=71C fan=2310rpm\n" +
		"node=a18 job=render/frame_00932 state=QUEUED cpu=0.2% mem=0.41GiB temp=43C fan=1100rpm\n",

	"Dear Martha, thank you for the parcel, which reached us on Tuesday in spite of the snow. The children ate the plums at once, and " +
		"your brother has worn the scarf ever since.\n",

	"To compile the program, install a C compiler and run make; the tests take about a minute. If a test fails, please report which " +
		"one, together with the version of your system.\n",

	"Über Nacht fiel Schnee, und am Morgen waren die Straßen leer. \u2013 Le matin, personne n'osait sortir; on entendait le vent.\n",

	"func sum(values []int) (total int) {\n\tfor _, v := range values {\n\t\ttotal += v\n\t}\n\treturn total\n}\n",
}
