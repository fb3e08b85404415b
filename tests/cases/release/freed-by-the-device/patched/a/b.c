int ask(struct cup *cup)
{
	return request_irq(cup->irq);
}

void leave(struct can *can)
{
	wake_up(can);
	free_irq(can->number);
}
