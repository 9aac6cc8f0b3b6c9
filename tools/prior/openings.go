package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// openings invents beginnings of texts: what a model of logs and text is to go on with. All words
// are from the lists below, all numbers from r, so that the same seed gives the same openings.
type openings struct{ *rand.Rand }

// next is one opening, of a kind drawn by weight; empty: the model begins by itself.
func (o openings) next() string {
	n := o.IntN(totalWeight)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k.make(o)
		}
	}
	return ""
}

// kinds are the kinds of openings and their shares.
var kinds = []struct {
	weight int
	make   func(openings) string
}{
	{22, openings.syslog},
	{26, openings.leveled},
	{7, openings.access},
	{4, openings.apacheError},
	{4, openings.klog},
	{4, openings.kernel},
	{5, openings.logcat},
	{14, openings.json},
	{5, openings.windowsEvent},
	{4, openings.chat},
	{4, openings.table},
	{3, openings.trace},
	{10, openings.source},
	{16, openings.prose},
	{3, openings.markup},
	{8, func(openings) string { return "" }},
}

var totalWeight = func() (n int) {
	for _, k := range kinds {
		n += k.weight
	}
	return n
}()

func words(s string) []string { return strings.Fields(s) }

var (
	months   = words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
	days     = words("Mon Tue Wed Thu Fri Sat Sun")
	hosts    = words("host server web1 db02 node-4 mail localhost gateway srv-app01 worker3 ip-10-0-3-17 combo proxy backup ubuntu debian centos lab-pc router master0 compute-12 cache01 vm7")
	programs = words("sshd sshd(pam_unix) CRON crond sudo su systemd kernel ntpd dhclient named postfix/smtpd postfix/qmgr sendmail dovecot cron anacron rsyslogd syslogd syslog-ng auditd NetworkManager avahi-daemon bluetoothd cupsd dbus dbus-daemon dnsmasq gdm login logrotate nginx httpd apache2 mysqld postgres haproxy keepalived snmpd smartd xinetd ftpd vsftpd pppd wpa_supplicant useradd usermod passwd systemd-logind systemd-resolved polkitd chronyd containerd dockerd kubelet etcd iscsid multipathd irqbalance mdadm lvm puppet-agent chef-client zabbix_agentd telegraf com.apple.xpc.launchd WindowServer UserEventAgent mDNSResponder loginwindow")
	levels   = words("INFO INFO INFO WARN ERROR DEBUG TRACE FATAL info warning error debug notice warn Info Error SEVERE NOTICE CRITICAL")
	threads  = words("main Thread-7 pool-1-thread-3 http-nio-8080-exec-1 worker-2 scheduler-1 DataStreamer IPC-Server-handler-4 qtp1024-33 nioEventLoopGroup-2-1 SendWorker:188978561024 QuorumPeer[myid=1] ForkJoinPool-1-worker-5 Timer-0 C3P0PooledConnection")
	classes  = words("org.apache.hadoop.ipc.Server org.apache.hadoop.mapred.Task dfs.DataNode$PacketResponder dfs.FSNamesystem org.apache.zookeeper.server.NIOServerCnxn org.apache.spark.executor.Executor storage.BlockManager executor.Executor com.example.web.Controller org.springframework.boot.SpringApplication kafka.server.KafkaServer org.apache.kafka.clients.consumer.internals.ConsumerCoordinator org.hibernate.SQL nova.compute.manager nova.osapi_compute.wsgi.server oslo_service.periodic_task neutron.agent app auth http db handler cache session scheduler io.netty.channel root werkzeug django.request celery.worker urllib3.connectionpool uvicorn.access")
	methods  = words("GET GET GET POST HEAD PUT OPTIONS")
	paths    = words("/ /index.html /robots.txt /favicon.ico /api/v1/users /images/logo.png /wp-login.php /static/css/main.css /login /blog/2014/03/ /search?q= /js/jquery.min.js /health /metrics /downloads/ /admin /feed/ /api/v2/orders/")
	tags     = words("WindowManager ActivityManager PowerManagerService AudioManager PhoneStatusBar SendBroadcastPermission ConnectivityService dalvikvm libc InputReader WifiStateMachine NotificationManager Bluetooth SurfaceFlinger PackageManager TelephonyManager")
	nicks    = words("alex jordan sam kim robin lee max pat chris drew")
	keys     = words("timestamp @timestamp time ts level severity msg message event type id name host service user request_id method status logger caller source data version")
	heads    = []string{
		"id,name,value\n", "timestamp,cpu,memory,disk\n", "date,open,high,low,close,volume\n", "Date,Time,Level,Component,Content\n",
		"name,age,city,country,score\n", "year,state,count,percent\n", "PID USER PR NI VIRT RES SHR S %CPU %MEM TIME+ COMMAND\n",
		"Filesystem Size Used Avail Use% Mounted on\n", "Proto Recv-Q Send-Q Local Address Foreign Address State\n",
		"#separator \\x09\n#set_separator\t,\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n", "total 48\ndrwxr-xr-x 2 root root 4096 ",
		"time,level,source,message\n", "address,bytes,packets,errors\n",
	}
	traces = []string{
		"Exception in thread \"main\" java.lang.", "java.io.IOException: ", "\tat org.apache.hadoop.", "\tat java.lang.Thread.run(Thread.java:", "Caused by: java.net.",
		"Traceback (most recent call last):\n  File \"/usr/lib/python3", "panic: runtime error: ", "goroutine 1 [running]:\n", "java.lang.NullPointerException\n\tat ",
		"Unable to handle kernel NULL pointer dereference at", "BUG: KASAN: ", "Call Trace:\n ", "System.Exception: ", "[GC (Allocation Failure) ",
	}
	sources = []string{
		"package main\n\nimport (\n", "func ", "#include <stdio.h>\n", "static int ", "import os\nimport sys\n", "def ", "class ", "#!/bin/sh\n", "/*\n * ",
		"apiVersion: v1\nkind: ", "name: ", "# ", "## ", "if (", "for (int i = 0; ", "\treturn ", "SELECT ", "CREATE TABLE ", "public class ", "struct ", "    self.",
		"var ", "const ", "// ", "type ", "#ifndef ", "use strict;\n", "<?php\n", "import ", "from ", "[Unit]\nDescription=", "server {\n    listen ", "version: \"3\"\nservices:\n",
	}
	proseOpenings = []string{
		"The ", "It was ", "He ", "She ", "\"I ", "In the ", "There was ", "When ", "Mr. ", "They ", "But ", "And ", "At ", "As ", "\"Well, ", "\"What ", "Chapter ", "CHAPTER ",
		"For ", "If you ", "This ", "You can ", "To ", "We ", "My ", "Of ", "Now ", "Then ", "After ", "On ", "I have ", "His ", "Her ", "No ", "One ", "So ", "Once ",
		"The first ", "A few ", "My fellow ", "We must ", "The following ", "Note that ", "By default ", "All ", "Not ", "Some ", "With ", "From ", "\"You ", "\"Oh, ", "That ",
		"It is ", "Our ", "What ", "How ", "Why ", "Before ", "During ", "While ",
	}
	markups = []string{
		"<!DOCTYPE html>\n<html>\n<head>\n", "<div class=\"", "<table>\n<tr><td>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", "<p>", "<li><a href=\"", "  <item>\n    <name>",
		"* ", "- ", ".. ", "| ", "1. ", "<page>\n    <title>", "<Event xmlns=", "<script ", "<a href=\"http://",
	}
)

func (o openings) of(list []string) string { return list[o.IntN(len(list))] }

func (o openings) clock() string {
	return fmt.Sprintf("%02d:%02d:%02d", o.IntN(24), o.IntN(60), o.IntN(60))
}

func (o openings) date(sep string) string {
	return fmt.Sprintf("%d%s%02d%s%02d", 2005+o.IntN(20), sep, 1+o.IntN(12), sep, 1+o.IntN(28))
}

func (o openings) address() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+o.IntN(222), o.IntN(256), o.IntN(256), 1+o.IntN(254))
}

// maybe is s, or nothing.
func (o openings) maybe(s string) string {
	if o.IntN(2) == 0 {
		return ""
	}
	return s
}

func (o openings) syslog() string {
	if o.IntN(12) == 0 {
		return o.of(programs) + ":"
	}
	program := o.of(programs)
	if o.IntN(3) > 0 {
		program += fmt.Sprintf("[%d]", 1+o.IntN(32000))
	}
	if o.IntN(6) == 0 {
		return fmt.Sprintf("%sT%s.%03dZ %s %s:", o.date("-"), o.clock(), o.IntN(1000), o.of(hosts), program) + o.maybe(" ")
	}
	return fmt.Sprintf("%s %2d %s %s %s:", o.of(months), 1+o.IntN(28), o.clock(), o.of(hosts), program) + o.maybe(" ")
}

func (o openings) leveled() string {
	level, class := o.of(levels), o.of(classes)
	switch o.IntN(10) {
	case 0:
		return fmt.Sprintf("%s %s %s %s:", o.date("-"), o.clock(), level, class)
	case 1:
		return fmt.Sprintf("%s %s,%03d %s %s:", o.date("-"), o.clock(), o.IntN(1000), level, class) + o.maybe(" ")
	case 2:
		return fmt.Sprintf("%s %s,%03d [%s] %s %s", o.date("-"), o.clock(), o.IntN(1000), o.of(threads), level, class) + o.maybe(" - ")
	case 3:
		return fmt.Sprintf("%s %s,%03d - %s [%s] - ", o.date("-"), o.clock(), o.IntN(1000), level, o.of(threads))
	case 4:
		return fmt.Sprintf("%sT%s.%03dZ %s ", o.date("-"), o.clock(), o.IntN(1000), level) + o.maybe(class)
	case 5:
		return fmt.Sprintf("%s %s %s ", o.date("/"), o.clock(), level)
	case 6:
		return fmt.Sprintf("[%s %s] %s:", o.date("-"), o.clock(), level) + o.maybe(" ")
	case 7:
		return fmt.Sprintf("%s %s.%03d %d %s %s [", o.date("-"), o.clock(), o.IntN(1000), 1000+o.IntN(30000), level, class)
	case 8:
		return fmt.Sprintf("%s %s, %s    ", o.date("-"), o.clock(), level)
	default:
		return fmt.Sprintf("%02d/%02d/%02d %s %s %s: ", 5+o.IntN(20), 1+o.IntN(12), 1+o.IntN(28), o.clock(), level, class)
	}
}

func (o openings) access() string {
	return fmt.Sprintf("%s - - [%02d/%s/%d:%s +0000] \"%s %s", o.address(), 1+o.IntN(28), o.of(months), 2008+o.IntN(17), o.clock(), o.of(methods), o.maybe(o.of(paths)))
}

func (o openings) apacheError() string {
	return fmt.Sprintf("[%s %s %02d %s %d] [%s] ", o.of(days), o.of(months), 1+o.IntN(28), o.clock(), 2004+o.IntN(20), strings.ToLower(o.of(levels))) +
		o.maybe("[client "+o.address()+"] ")
}

func (o openings) klog() string {
	return fmt.Sprintf("%c%02d%02d %s.%06d   %5d ", "IWE"[o.IntN(3)], 1+o.IntN(12), 1+o.IntN(28), o.clock(), o.IntN(1e6), 1+o.IntN(30000))
}

func (o openings) kernel() string {
	return o.maybe(fmt.Sprintf("%s %2d %s %s kernel: ", o.of(months), 1+o.IntN(28), o.clock(), o.of(hosts))) +
		fmt.Sprintf("[%5d.%06d] ", o.IntN(20000), o.IntN(1e6))
}

func (o openings) logcat() string {
	return fmt.Sprintf("%02d-%02d %s.%03d %5d %5d %c %s: ", 1+o.IntN(12), 1+o.IntN(28), o.clock(), o.IntN(1000), 100+o.IntN(9000), 100+o.IntN(9000), "DIVWE"[o.IntN(5)], o.maybe(o.of(tags)))
}

func (o openings) json() string {
	stamp := fmt.Sprintf("%sT%s.%03dZ", o.date("-"), o.clock(), o.IntN(1000))
	switch o.IntN(7) {
	case 0:
		return "{\"" + o.of(keys) + "\":"
	case 1:
		return "{\n  \"" + o.of(keys) + "\": "
	case 2:
		return fmt.Sprintf("{\"%s\":\"%s\",\"%s\":\"", o.of(keys), stamp, o.of(keys))
	case 3:
		return fmt.Sprintf("{\"level\":\"%s\",\"ts\":%d.%03d,\"", strings.ToLower(o.of(levels)), 1400000000+o.IntN(3e8), o.IntN(1000))
	case 4:
		return fmt.Sprintf("[{\"%s\":%d,\"%s\":", o.of(keys), o.IntN(1e5), o.of(keys))
	case 5:
		return fmt.Sprintf("{\"ts\":%d.%06d,\"uid\":\"", 1400000000+o.IntN(3e8), o.IntN(1e6))
	default:
		return fmt.Sprintf("{\"%s\":\"%s\",\"%s\":{\"%s\":", o.of(keys), stamp, o.of(keys), o.of(keys))
	}
}

func (o openings) windowsEvent() string {
	switch o.IntN(4) {
	case 0:
		return "{\"EventID\":" + fmt.Sprint(1+o.IntN(7000)) + ",\""
	case 1:
		return "{\"@timestamp\":\"" + o.date("-") + "T" + o.clock() + ".000Z\",\"Channel\":\""
	case 2:
		return "{\"SourceName\":\"Microsoft-Windows-"
	default:
		return "{\"Keywords\":"
	}
}

func (o openings) chat() string {
	return fmt.Sprintf("[%02d:%02d] <%s> ", o.IntN(24), o.IntN(60), o.of(nicks))
}

func (o openings) table() string  { return o.of(heads) }
func (o openings) trace() string  { return o.of(traces) }
func (o openings) source() string { return o.of(sources) }
func (o openings) prose() string  { return o.of(proseOpenings) }
func (o openings) markup() string { return o.of(markups) }
