/*
 * Makes a table of nf_tables, and asks for it: prints its name.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "klatch"

struct message {
	struct nlmsghdr header;
	struct nfgenmsg family;
	struct nlattr attribute;
	char name[8];
};

static size_t put(struct message *message, int type, int flags, int subsystem, const char *name)
{
	size_t size = name ? sizeof(*message) : sizeof(message->header) + sizeof(message->family);

	*message = (struct message){
		.header = {.nlmsg_len = (unsigned int)size,
			   .nlmsg_type = (unsigned short)type,
			   .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags)},
		.family = {.nfgen_family = AF_INET, .res_id = htons((unsigned short)subsystem)},
		.attribute = {.nla_len = sizeof(message->attribute) + sizeof(NAME),
			      .nla_type = NFTA_TABLE_NAME},
	};
	if (name)
		strcpy(message->name, name);
	return size;
}

int main(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	int tables = NFNL_SUBSYS_NFTABLES << 8;
	char out[256], in[4096];
	size_t size = 0;
	ssize_t got;

	/* What changes something comes between two marks. */
	size += put((void *)out, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES, NULL);
	size += put((void *)(out + size), tables | NFT_MSG_NEWTABLE, NLM_F_CREATE, 0, NAME);
	size += put((void *)(out + size), NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES, NULL);
	if (fd < 0 || send(fd, out, size, 0) != (ssize_t)size)
		return 1;
	size = put((void *)out, tables | NFT_MSG_GETTABLE, 0, 0, NAME);
	if (send(fd, out, size, 0) != (ssize_t)size)
		return 1;
	got = recv(fd, in, sizeof(in), 0);
	printf("%s\n", got > 0 && memmem(in, (size_t)got, NAME, sizeof(NAME)) ? "there is " NAME
									      : "there is none");
	return 0;
}
