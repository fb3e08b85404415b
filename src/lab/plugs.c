/*
 * Requests are lines "ask COMMAND" in the guest's report, with a command of QEMU's own monitor
 * ("device_add usb-kbd,id=k").  The guest reads the answer on the same port: "done", or "no
 * REASON".
 */
#include "lab/plugs.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define CONNECT_INTERVAL (50 * 1000) /* microseconds */

struct plugs {
	char *report_path, *monitor_path;
	GThread *thread;
	gint over; /* atomic: QEMU has ended */
	GSocketConnection *report, *monitor;
	GDataInputStream *report_lines, *monitor_lines;
};

static GSocketConnection *connect_to(struct plugs *plugs, const char *path)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	GSocketConnection *connection = NULL;

	while (!connection && !g_atomic_int_get(&plugs->over)) {
		connection =
			g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
		if (!connection)
			g_usleep(CONNECT_INTERVAL);
	}
	return connection;
}

static GDataInputStream *lines_of(GSocketConnection *connection)
{
	return connection ? g_data_input_stream_new(
				    g_io_stream_get_input_stream(G_IO_STREAM(connection)))
			  : NULL;
}

static gboolean say(GSocketConnection *connection, const char *text)
{
	GOutputStream *stream = g_io_stream_get_output_stream(G_IO_STREAM(connection));

	return g_output_stream_write_all(stream, text, strlen(text), NULL, NULL, NULL);
}

static char *read_line(GDataInputStream *lines)
{
	return g_data_input_stream_read_line(lines, NULL, NULL, NULL);
}

/* Sends a QMP command and returns its answer, an object; events that come in between are passed
 * over.  NULL if QEMU has ended. */
static JsonNode *command(struct plugs *plugs, const char *text)
{
	if (!say(plugs->monitor, text))
		return NULL;
	for (;;) {
		g_autofree char *line = read_line(plugs->monitor_lines);
		g_autoptr(JsonNode) answer = line ? json_from_string(line, NULL) : NULL;
		JsonObject *object;

		if (!line)
			return NULL;
		object = answer && JSON_NODE_HOLDS_OBJECT(answer) ? json_node_get_object(answer)
								  : NULL;
		if (object && (json_object_has_member(object, "return") ||
			       json_object_has_member(object, "error")))
			return g_steal_pointer(&answer);
	}
}

/* What the monitor's own command line says to a command: nothing if all is well. */
static char *monitor_says(struct plugs *plugs, const char *line)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) request = NULL, answer = NULL;
	g_autofree char *text = NULL;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "execute");
	json_builder_add_string_value(builder, "human-monitor-command");
	json_builder_set_member_name(builder, "arguments");
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "command-line");
	json_builder_add_string_value(builder, line);
	json_builder_end_object(builder);
	json_builder_end_object(builder);
	request = json_builder_get_root(builder);
	text = json_to_string(request, FALSE);
	answer = command(plugs, text);
	if (!answer)
		return g_strdup("QEMU does not answer");
	return g_strdup(json_object_get_string_member_with_default(json_node_get_object(answer),
								   "return", "QEMU refuses"));
}

static gboolean answer(struct plugs *plugs, const char *request)
{
	g_autofree char *said = monitor_says(plugs, request);
	g_autofree char *reply = NULL;

	g_strdelimit(g_strchomp(said), "\r\n", ' ');
	reply = *said ? g_strconcat("no ", said, "\n", NULL) : g_strdup("done\n");
	return say(plugs->report, reply);
}

static gboolean open_monitor(struct plugs *plugs)
{
	g_autoptr(JsonNode) ready = NULL;

	plugs->monitor = connect_to(plugs, plugs->monitor_path);
	plugs->monitor_lines = lines_of(plugs->monitor);
	if (plugs->monitor)
		ready = command(plugs, "{\"execute\": \"qmp_capabilities\"}");
	return ready != NULL;
}

static gpointer serve(gpointer data)
{
	struct plugs *plugs = data;
	gboolean open = TRUE;

	plugs->report = connect_to(plugs, plugs->report_path);
	plugs->report_lines = lines_of(plugs->report);
	open = plugs->report && open_monitor(plugs);
	while (open) {
		g_autofree char *line = read_line(plugs->report_lines);

		open = line &&
		       (!g_str_has_prefix(line, "ask ") || answer(plugs, line + strlen("ask ")));
	}
	return NULL;
}

struct plugs *plugs_new(const char *report, const char *monitor)
{
	struct plugs *plugs = g_new0(struct plugs, 1);

	plugs->report_path = g_strdup(report);
	plugs->monitor_path = g_strdup(monitor);
	plugs->thread = g_thread_new("plugs", serve, plugs);
	return plugs;
}

void plugs_free(struct plugs *plugs)
{
	g_atomic_int_set(&plugs->over, 1);
	g_thread_join(plugs->thread);
	g_clear_object(&plugs->report_lines);
	g_clear_object(&plugs->monitor_lines);
	g_clear_object(&plugs->report);
	g_clear_object(&plugs->monitor);
	g_free(plugs->report_path);
	g_free(plugs->monitor_path);
	g_free(plugs);
}
