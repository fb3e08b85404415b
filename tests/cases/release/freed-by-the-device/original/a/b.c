int ask(struct cup *cup)
{
	return devm_request_irq(cup->handle, cup->irq);
}

void leave(struct can *can)
{
	wake_up(can);
}
